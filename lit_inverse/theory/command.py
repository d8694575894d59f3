"""The command line of an experiment of theory: python -m lit_inverse.theory.NAME [...]."""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jsonargparse import ArgumentParser

from lit_inverse.errors import UsageError, one_line, parser_errors, run_command
from lit_inverse.settings import at_least_1, not_negative

_OURS = {"lit_inverse", "datamodules"}
_MAY_BE_0 = {"seed", "n_ascent"}  # integers that are no counts, or of what may be left out


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
        with refusals(run):
            check_counts(run, settings)
            run(**settings)

    return run_command(command)


def check_counts(run: Callable[..., None], settings: Mapping[str, Any]) -> None:
    """Refuses counts of 0, empty lists and negative numbers in lists, of which nothing can be measured.

    Experiments of other packages judge their settings themselves.

    Raises:
        ValueError: with the name of the setting.
    """
    if _package(run.__module__) not in _OURS:
        return
    for name, value in settings.items():
        if isinstance(value, tuple | list) and not value:
            raise ValueError(f"{name} is empty, expected at least one")
        if isinstance(value, int) and not isinstance(value, bool):
            (not_negative if name in _MAY_BE_0 else at_least_1)(**{name: value})
        for one in value if isinstance(value, tuple | list) else ():
            if isinstance(one, int | float):
                not_negative(**{name: one})


@contextmanager
def refusals(run: Callable[..., None], key: str = "") -> Iterator[None]:
    """What the package of `run`, or this one, refuses is told in one line; what others raise keeps its traceback.

    Raises:
        UsageError: in place of the ValueError or FileNotFoundError.
    """
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        raised_in = frame.f_globals["__name__"]
        if isinstance(error, ValueError) and _package(raised_in) not in {*_OURS, _package(run.__module__)}:
            raise
        raise UsageError(f"{key}{one_line(error)}") from error


def _package(module: str) -> str:
    return module.partition(".")[0]
