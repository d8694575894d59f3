"""Keeps what is small of a finished run: tables, pictures and the record."""

import csv
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.tables import Row, Tables

_MOST_BYTES = 400_000  # of a picture
_COLOURS = 256
_SMALLER = 0.8  # per attempt


def collect(run: Run, patterns: Iterable[str], source: Path, target: Path) -> None:
    """Puts what is small of the folder of a run in place of docs/reproductions/NAME, which stays if anything fails.

    Raises:
        FileNotFoundError: when a table is missing.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new") as folder:
        new, old = Path(folder, "new"), Path(folder, "old")
        new.mkdir()
        for name in run.tables:
            shutil.copyfile(source / f"{name}.csv", new / f"{name}.csv")
        for name, digest in run.digests.items():
            _write(digest(Tables(source)), new / f"{name}.csv")
        for path in pictures(patterns, source):
            keep_picture(path, new / path.name)
        shutil.copyfile(source / "done.json", new / "run.json")
        if target.exists():
            target.rename(old)
        new.rename(target)


def pictures(patterns: Iterable[str], folder: Path) -> list[Path]:
    """Of each pattern (several may be given, with a bar between) the first path that is there, each once."""
    found = []
    for pattern in patterns:
        there = [path for one in pattern.split("|") for path in sorted(folder.glob(one))]
        found += there[:1]
    return list(dict.fromkeys(found))


def keep_picture(source: Path, target: Path) -> None:
    """Copies a PNG; one above 400 KB with fewer colours, and smaller until it is below."""
    shutil.copyfile(source, target)
    with Image.open(source) as image:
        picture = image.convert("RGB")
    while target.stat().st_size > _MOST_BYTES:
        picture.quantize(_COLOURS).save(target, optimize=True)
        picture = picture.resize((round(picture.width * _SMALLER), round(picture.height * _SMALLER)))


def _write(rows: list[Row], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
