"""The command."""

from jsonargparse import auto_cli

from lit_inverse.theory.one_hidden_layer.experiment import run

if __name__ == "__main__":
    auto_cli(run)
