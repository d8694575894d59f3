"""What evaluate.py is asked for; later files win key by key, and paths in a file are relative to it."""

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from lit_inverse.errors import OneLineParser, UsageError, as_usage_errors, one_line, parser_errors


class ConfigFile:
    """One file; its paths are relative to its folder."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path, self.content = path, content

    @classmethod
    def read(cls, name: str | Path) -> "ConfigFile":
        """Reads it.

        Raises:
            UsageError: when it can not be read or is no mapping in YAML.
        """
        path = Path(name)
        with as_usage_errors(f"--config {name}"):
            try:
                content = yaml.safe_load(path.read_text())
            except yaml.YAMLError as error:
                raise UsageError(f"--config {name}: no valid YAML: {one_line(error)}") from error
        if not isinstance(content, dict):
            raise UsageError(f"--config {name}: expected a mapping of keys to values, got {type(content).__name__}")
        return cls(path, content)

    @contextlib.contextmanager
    def folder(self) -> Iterator[None]:
        """Works in its folder, to which its paths are relative."""
        with contextlib.chdir(self.path.resolve().parent):
            yield


@dataclass(frozen=True)
class Request:
    """A command line, as far as it has to be understood before the parser of its arguments can be made.

    Attributes:
        files: of --config, or the default.
        experiment: the package of an experiment of theory to be run in place of a sweep, as it was said; else None.
            Taken out of the files, whose null means none as well.
        vary: the operator's argument that a sweep runs through, as it was said; None where nothing was.
        help, print_config: whether only that is asked for.
        rest: all arguments but --config, --experiment and these two.
    """

    files: list[ConfigFile]
    experiment: Any
    vary: Any
    help: bool
    print_config: bool
    rest: list[str]

    @classmethod
    def read(cls, argv: Sequence[str], default: Path) -> "Request":
        """Reads the files, `default` only when no --config and no --experiment is given.

        Raises:
            UsageError: when a file can not be read.
        """
        parser = OneLineParser(add_help=False, allow_abbrev=False)
        parser.add_argument("-c", "--config", action="append", default=[])
        parser.add_argument("--experiment", type=_or_null, default=argparse.SUPPRESS)
        parser.add_argument("--vary", default=argparse.SUPPRESS)
        parser.add_argument("--print_config", action="store_true")
        parser.add_argument("-h", "--help", action="store_true")
        asked, rest = parser.parse_known_args(argv)
        paths = asked.config or ([default] if getattr(asked, "experiment", None) is None else [])
        files = [ConfigFile.read(path) for path in paths]
        said = {key: value for file in files for key, value in file.content.items()} | vars(asked)
        for file in files:
            file.content.pop("experiment", None)
        return cls(
            files,
            said.get("experiment"),
            said.get("vary"),
            asked.help,
            asked.print_config,
            [*rest, "--vary", asked.vary] if "vary" in asked else rest,
        )


def _or_null(text: str) -> str | None:
    return None if text == "null" else text


def new_parser(kind: type[ArgumentParser], description: str) -> ArgumentParser:
    """A parser of evaluate.py, yet without arguments."""
    return kind(
        prog="evaluate.py",
        description=description,
        epilog="--config FILE (repeatable; later files win key by key) and --print_config are understood as well.",
        exit_on_error=False,
        allow_abbrev=False,
    )


class Incomplete(ArgumentParser):
    """Of a file: what it leaves out, another file or the command line may say."""

    def validate(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().validate(*args, **kwargs)
        except TypeError as error:
            if "arguments are required" not in str(error):
                raise


def parse_files(
    parser: ArgumentParser, files: Sequence[ConfigFile], config: Namespace | None = None
) -> Namespace | None:
    """What they say together, over what was said before; None when nothing was."""
    for file in files:
        with file.folder(), parser_errors(str(file.path)):
            config = parser.parse_object(file.content, namespace=config)
    return config
