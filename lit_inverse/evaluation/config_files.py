"""Configuration files of evaluate.py: later ones win key by key, and paths in a file are relative to it."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from lit_inverse.errors import UsageError, as_usage_errors, one_line
from lit_inverse.evaluation.assembly import parser_errors


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
