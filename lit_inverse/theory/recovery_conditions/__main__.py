"""The command."""

from jsonargparse import auto_cli

from lit_inverse.theory.recovery_conditions.experiment import run

if __name__ == "__main__":
    auto_cli(run)
