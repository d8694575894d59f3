"""Runs a benchmark sweep: python evaluate.py [--config configs/evaluate/NAME.yaml] [--out DIR] [...]; see --help.

A file with the key `experiment` runs an experiment of theory in place of a sweep.
python evaluate.py compare DIR DIR ... sums up and compares finished runs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

try:
    from lit_inverse.errors import run_command
except ImportError as error:  # packages that do not fit together
    sys.exit(f"error: {error}")

DEFAULT_CONFIG = Path(__file__).resolve().parent / "configs" / "evaluate" / "digits.yaml"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 when the request is impossible."""

    def command() -> None:
        given = sys.argv[1:] if argv is None else argv
        if given[:1] == ["compare"]:
            from lit_inverse.evaluation.finished_runs import compare_runs

            return compare_runs(given[1:])
        from lit_inverse.evaluation.command import evaluate  # Lightning takes seconds to import
        from lit_inverse.evaluation.config_files import Request
        from lit_inverse.evaluation.experiments import run_experiment

        request = Request.read(given, DEFAULT_CONFIG)
        if request.experiment is not None:
            return run_experiment(request)
        return evaluate(request)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
