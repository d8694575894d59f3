"""Runs a benchmark sweep: python evaluate.py [--config configs/evaluate/NAME.yaml] [--out DIR] [...]; see --help."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lit_inverse.errors import run_command

DEFAULT_CONFIG = Path(__file__).resolve().parent / "configs" / "evaluate" / "digits.yaml"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 when the request is impossible."""

    def command() -> None:
        from lit_inverse.evaluation.command import evaluate  # Lightning takes seconds to import

        evaluate(sys.argv[1:] if argv is None else argv, DEFAULT_CONFIG)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
