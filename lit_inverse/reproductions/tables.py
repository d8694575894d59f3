"""The small tables of one finished run, as they lie in a folder."""

import contextlib
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Tables:
    """The CSV files of a folder, read when asked for.

    Attributes:
        record: how the run was made, from run.json; empty where it was not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = read_record(folder / "run.json")
        self._read: dict[str, list[Row]] = {}

    def __getitem__(self, name: str) -> list[Row]:
        """Rows of NAME.csv with numbers as such and None where nothing is written; none where there is no file."""
        if name not in self._read:
            path = self.folder / f"{name}.csv"
            self._read[name] = []
            if path.exists():
                with path.open(newline="") as file:
                    self._read[name] = [
                        {key: _typed(cell) for key, cell in row.items()} for row in csv.DictReader(file)
                    ]
        return self._read[name]

    def where(self, name: str, **values: Any) -> list[Row]:
        """The rows of a table that have these values."""
        return [row for row in self[name] if all(row[key] == value for key, value in values.items())]

    def groups(self, name: str, by: Sequence[str], **values: Any) -> dict[tuple[Any, ...], list[Row]]:
        """The same rows, by what they have in the columns `by`."""
        found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in self.where(name, **values):
            found[tuple(row[column] for column in by)].append(row)
        return dict(found)


def read_record(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_bytes())
        if isinstance(content, dict):
            return content
    return {}


def _typed(cell: str | None) -> Any:
    """A number where it is one; None for an empty cell, and for the missing ones of a line that was cut."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(cell or "")
    return cell or None
