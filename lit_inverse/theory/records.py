"""Files of measured records, one line each."""

import csv
import typing
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def read_records(kind: type[T], path: Path) -> list[T]:
    """The records of a CSV file, of a dataclass of plain values; none where there is no file.

    Raises:
        ValueError: when its columns are not those of such records.
    """
    if not path.exists():
        return []
    kinds = typing.get_type_hints(kind)
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        came = list(reader.fieldnames or ())
        needed = {name for name in kinds if not hasattr(kind, name)}  # defaults are attributes of the class
        if not needed <= set(came) <= kinds.keys():
            raise ValueError(f"{path} has columns {', '.join(came)}, expected {', '.join(kinds)}: give another out")
        return [kind(**{name: kinds[name](value) for name, value in row.items()}) for row in reader]


def expect(records: Sequence[object], path: Path, **settings: object) -> None:
    """Refuses records of a file that were measured with other settings, of which each is an attribute of theirs.

    Raises:
        ValueError: with the name of the file and of the setting.
    """
    for name, wanted in settings.items():
        for came in {getattr(record, name) for record in records} - {wanted}:
            raise ValueError(f"{path} was measured with {name} {came}, expected {wanted}: give another out")


def write_records(kind: type[Any], records: Sequence[Any], path: Path) -> None:
    """Writes all of them; a run that is killed leaves the last whole file."""
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(kind)])
        writer.writeheader()
        writer.writerows(asdict(record) for record in records)
    partial.replace(path)
