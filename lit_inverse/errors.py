"""Errors the command lines report in one line, with exit code 2, before any work was done."""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn


class UsageError(Exception):
    """What was asked for is impossible; the message says what came, what was expected and what to do."""


class IncompleteError(Exception):
    """A part of the work failed; the rest is done and kept."""


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the listing of the usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


@contextmanager
def as_usage_errors(where: str) -> Iterator[None]:
    """Turns what bad settings raise (values, types, files) into a UsageError naming the key `where`."""
    try:
        yield
    except UsageError:
        raise
    except (ValueError, TypeError, OSError, ImportError, AttributeError, RuntimeError) as error:
        raise UsageError(f"{where}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks and repeated blanks."""
    return " ".join(str(error).split()) or type(error).__name__


def parser_error(error: BaseException) -> str:
    """What jsonargparse says of a wrong setting, without its listing of union members and internals."""
    message = one_line(error)
    keys: list[str] = []
    while True:
        if match := re.match(r"Parser key \"([^\"]+)\": (.*)", message):
            keys.append(match[1])
            message = match[2]
        elif match := re.match(r"Problem with given class_path '[^']+': (.*)", message):
            message = match[1]
        elif match := re.match(r"Does not validate against any of the Union subtypes .*?Errors: - (.*)", message):
            message = re.sub(r" - Expected a <class 'NoneType'>.*?(?= Given value: )", ";", match[1], count=1)
            message = re.sub(r"; Given value: (?:Namespace|NestedArg)\(.*|; Given value: \{.*", "", message)
        else:
            break
    message = message.partition(" - Does not validate")[0].removeprefix("- ")
    message = message.replace("Given value: ", "got ").replace("Got value: ", "got ")
    return ": ".join([*([".".join(keys)] if keys else []), re.sub(r"<class '([^']+)'>", r"\1", message)])


@contextmanager
def parser_errors(where: str) -> Iterator[None]:
    """Turns what jsonargparse raises into a UsageError that says where."""
    try:
        yield
    except (argparse.ArgumentError, TypeError, ValueError, KeyError, OSError) as error:
        raise UsageError(f"{where}: {parser_error(error)}") from error


def run_command(command: Callable[[], None]) -> int:
    """Runs an entry point; returns its exit code.

    0; 1 for an IncompleteError and 2 for a UsageError, with one line on stderr; 130 when interrupted.
    """
    try:
        command()
    except (UsageError, IncompleteError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("interrupted: what is finished is kept; the same command goes on from there", file=sys.stderr)
        return 130
    return 0
