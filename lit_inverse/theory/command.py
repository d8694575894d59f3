"""The command line of an experiment of theory: python -m lit_inverse.theory.NAME [...]."""

import sys
from collections.abc import Callable, Sequence

from jsonargparse import ArgumentParser

from lit_inverse.errors import UsageError, one_line, run_command
from lit_inverse.evaluation.assembly import parser_errors


def main(run: Callable[..., None], argv: Sequence[str] | None = None) -> int:
    """Calls `run` with its parameters from the command line; returns the exit code.

    0, or 2 for impossible settings, with one line on stderr; what fails otherwise keeps its traceback.

    Args:
        run: fully annotated; raises ValueError or FileNotFoundError for settings that can not be.
        argv: the arguments; those of the process by default.
    """

    def command() -> None:
        parser = ArgumentParser(prog=f"python -m {run.__module__.rpartition('.')[0]}", exit_on_error=False)
        parser.add_argument("--config", action="config", help="file of settings")
        parser.add_function_arguments(run)
        with parser_errors("command line"):
            settings = parser.instantiate(parser.parse_args(sys.argv[1:] if argv is None else argv)).as_dict()
        settings.pop("config")
        try:
            run(**settings)
        except (ValueError, FileNotFoundError) as error:
            raise UsageError(one_line(error)) from error

    return run_command(command)
