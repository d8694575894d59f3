"""Results on disk: one JSON line per case, append-only, readable after any crash."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from lit_inverse.errors import UsageError

Row = dict[str, Any]


class Results:
    """The folder of a sweep. A batch is written in one piece and flushed; a line cut by a crash is dropped on opening.

    Raises:
        UsageError: when the folder cannot be written.
    """

    def __init__(self, out: Path, rank: int = 0) -> None:
        self.out = out
        self.path = out / ("results.jsonl" if rank == 0 else f"results.rank{rank}.jsonl")
        try:
            (out / "reconstructions").mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise UsageError(
                f"out: cannot write to {out} ({error.strerror}); choose another folder with --out"
            ) from error
        if not os.access(self.path, os.W_OK):
            raise UsageError(f"out: cannot write to {self.path}; choose another folder with --out")
        _repair(self.path)

    def rows(self) -> dict[str, Row]:
        """All finished results of all ranks by key; the first of a key counts."""
        rows: dict[str, Row] = {}
        for path in sorted(self.out.glob("results*.jsonl")):
            for line in path.read_bytes().splitlines():
                row = _parse(line)
                if row is not None:
                    rows.setdefault(row["key"], row)
        return rows

    def append(self, rows: Sequence[Row]) -> None:
        """Adds the lines of a batch."""
        text = "".join(json.dumps(row) + "\n" for row in rows)
        with self.path.open("a") as file:
            file.write(text)

    def keep_reconstruction(self, key: str, x_hat: Tensor) -> None:
        """Stores x_hat (*in_shape) for the figures; called before the case's line is written."""
        path = self.out / "reconstructions" / f"{key}.npy"
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, x_hat.cpu().numpy())
        partial.replace(path)

    def reconstruction(self, key: str) -> Any | None:
        """The array stored under a key, None if none was."""
        path = self.out / "reconstructions" / f"{key}.npy"
        return np.load(path) if path.exists() else None


def _parse(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "key" in row else None


def _repair(path: Path) -> None:
    """Leaves whole lines only, each ended by a line break; a finished result is never lost."""
    content = path.read_bytes()
    lines = [line for line in content.split(b"\n") if _parse(line) is not None]
    whole = b"".join(line + b"\n" for line in lines)
    if whole != content:
        partial = path.with_suffix(".partial")
        partial.write_bytes(whole)
        partial.replace(path)
