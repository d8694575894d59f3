"""Results on disk: one JSON line per case, append-only, readable after any crash."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from lit_inverse.errors import UsageError

Row = dict[str, Any]


class Results:
    """The folder of a sweep, for one of its processes, each of which appends to a file of its own.

    A batch is written in one piece and flushed. The file is locked while the process lives; a line cut by a crash is
    dropped on opening.

    Args:
        out: the folder, made if it is not there.
        rank: number of the process.

    Raises:
        UsageError: when the folder cannot be written or another sweep is writing to it.
    """

    def __init__(self, out: Path, rank: int = 0) -> None:
        self.out = out
        self.path = out / ("results.jsonl" if rank == 0 else f"results.rank{rank}.jsonl")
        self._read_up_to: dict[Path, int] = {}
        try:
            (out / "reconstructions").mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._lock = (out / f".lock{rank}").open("w")
        except OSError as error:
            raise UsageError(f"out: cannot write to {out} ({error.strerror}): choose another --out") from error
        if not os.access(self.path, os.W_OK):
            raise UsageError(f"out: cannot write to {self.path}: choose another --out")
        try:
            # another rank's predecessor may be finishing its last batch, another sweep will not end soon
            fcntl.flock(self._lock, fcntl.LOCK_EX | (fcntl.LOCK_NB if rank == 0 else 0))
        except BlockingIOError as error:
            raise UsageError(f"out: another sweep is writing to {out}: wait for it or choose another --out") from error
        _repair(self.path)
        self._failures = self.path.with_name(self.path.name.replace("results", "failures"))
        self._failures.unlink(missing_ok=True)

    def rows(self) -> dict[str, Row]:
        """All finished results of all processes by key; the first of a key counts."""
        return read_rows(self.out)

    def new_rows(self) -> list[Row]:
        """The lines that any process has finished since the last call; all at the first one."""
        rows = []
        for path in _files(self.out):
            with path.open("rb") as file:
                file.seek(self._read_up_to.get(path, 0))
                content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._read_up_to[path] = self._read_up_to.get(path, 0) + len(whole)
            rows += [row for line in whole.splitlines() if (row := _parse(line)) is not None]
        return rows

    def append(self, rows: Sequence[Row]) -> None:
        """Adds the lines of a batch."""
        text = "".join(json.dumps(row) + "\n" for row in rows)
        with self.path.open("a") as file:
            file.write(text)

    def note_failure(self, key: str, reason: str, trace: str) -> None:
        """Notes a case that could not be computed; the next start tries it again."""
        with self._failures.open("a") as file:
            file.write(json.dumps({"key": key, "reason": reason, "trace": trace}) + "\n")

    def failures(self) -> dict[str, str]:
        """Reasons of the cases that failed in this run, by key."""
        rows = [_parse(line) for path in self.out.glob("failures*.jsonl") for line in path.read_bytes().splitlines()]
        return {row["key"]: row["reason"] for row in rows if row is not None}

    def keep_reconstruction(self, key: str, x_hat: Tensor) -> None:
        """Stores x_hat (*in_shape) for the figures; called before the case's line is written."""
        path = self.out / "reconstructions" / f"{key}.npy"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            np.save(file, x_hat.cpu().numpy())
        partial.replace(path)

    def reconstruction(self, key: str) -> Any | None:
        """The array stored under a key, None if none was."""
        path = self.out / "reconstructions" / f"{key}.npy"
        return np.load(path) if path.exists() else None

    def close(self) -> None:
        """Gives the folder free for other sweeps."""
        self._lock.close()

    def adopt(self, other: Path, keys: Collection[str]) -> int:
        """Takes over the results of another run that have one of the keys; returns their number."""
        rows = [row for key, row in read_rows(other).items() if key in keys]
        for row in rows:
            picture = other / "reconstructions" / f"{row['key']}.npy"
            if picture.exists():
                shutil.copy(picture, self.out / "reconstructions")
        self.append(rows)
        return len(rows)


def read_rows(out: Path) -> dict[str, Row]:
    """All finished results in the folder of a run by key; the first of a key counts."""
    rows: dict[str, Row] = {}
    for path in _files(out):
        for line in path.read_bytes().splitlines():
            row = _parse(line)
            if row is not None:
                rows.setdefault(row["key"], row)
    return rows


def _files(out: Path) -> list[Path]:
    return sorted(out.glob("results*.jsonl"))


def _parse(line: bytes) -> Row | None:
    with contextlib.suppress(ValueError):
        row = json.loads(line)
        if isinstance(row, dict) and "key" in row:
            return row
    return None


def _repair(path: Path) -> None:
    """Leaves whole lines only, each ended by a line break; a finished result is never lost."""
    content = path.read_bytes()
    lines = [line for line in content.split(b"\n") if _parse(line) is not None]
    whole = b"".join(line + b"\n" for line in lines)
    if whole != content:
        partial = path.with_suffix(".partial")
        partial.write_bytes(whole)
        partial.replace(path)
