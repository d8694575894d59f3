"""Constants and rates of the theory, measured."""
