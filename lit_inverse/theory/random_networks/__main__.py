"""The command."""

from jsonargparse import auto_cli

from lit_inverse.theory.random_networks.experiment import run

if __name__ == "__main__":
    auto_cli(run)
