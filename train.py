"""Trains a network: python train.py [--config configs/train/NAME.yaml] [--trainer.max_epochs 3 ...]; see --help."""

import sys
from collections.abc import Sequence
from pathlib import Path

try:
    from lit_inverse.errors import run_command
except ImportError as error:  # packages that do not fit together
    sys.exit(f"error: {error}")

DEFAULT_CONFIG = Path(__file__).resolve().parent / "configs" / "train" / "vae_digits.yaml"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 when the request is impossible."""

    def command() -> None:
        from lit_inverse.training import train  # Lightning takes seconds to import

        train(argv, DEFAULT_CONFIG)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
