"""The small tables of one finished run, as they lie in a folder."""

import csv
import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Tables:
    """The CSV files of a folder, read when asked for, and the record of the run, run.json."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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

    @property
    def record(self) -> dict[str, Any]:
        """How the run was made; empty where it was not."""
        path = self.folder / "run.json"
        content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return content


def _typed(cell: str) -> Any:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell or None
