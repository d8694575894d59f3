"""Results on disk: one JSON line per case, append-only, readable after any crash."""

import contextlib
import fcntl
import io
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from lit_inverse.errors import UsageError

Row = dict[str, Any]

_MAY_BE_INFINITE = ("noise_level", "setting")  # "inf" in a line, for which JSON has no number


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
        try:
            for beside in (_reconstruction, _trajectory):
                beside(out, "").parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._lock = self._lock_of(rank).open("w")
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
        if rank == 0 and _diagnostics(out).exists():
            _repair(_diagnostics(out))
        self._failures = self.path.with_name(self.path.name.replace("results", "failures"))
        # the first process opens the folder before any has work: failures it finds are of earlier runs
        for failures in out.glob("failures*.jsonl") if rank == 0 else [self._failures]:
            failures.unlink(missing_ok=True)

    def rows(self) -> dict[str, Row]:
        """All finished results of all processes by key; the first of a key counts."""
        return read_rows(self.out)

    def is_open(self, rank: int) -> bool:
        """Whether a process of this number lives, of this run or of one that was killed in part."""
        try:
            with self._lock_of(rank).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def others_open(self, n_processes: int) -> list[int]:
        """Numbers from n_processes on that are still in use: an earlier run of more processes was killed in part."""
        ranks = [int(lock.name.removeprefix(".lock")) for lock in self.out.glob(".lock*")]
        return sorted(rank for rank in ranks if rank >= n_processes and self.is_open(rank))

    def _lock_of(self, rank: int) -> Path:
        return self.out / f".lock{rank}"

    def append(self, rows: Sequence[Row]) -> None:
        """Adds the lines of a batch."""
        text = "".join(json.dumps(row | _named_infinities(row), allow_nan=False) + "\n" for row in rows)
        with self.path.open("a") as file:
            file.write(text)

    def note_failure(self, key: str, reason: str, trace: str) -> None:
        """Notes a case that could not be computed; the next start tries it again."""
        with self._failures.open("a") as file:
            file.write(json.dumps({"key": key, "reason": reason, "trace": trace}) + "\n")

    def append_diagnostic(self, row: Row) -> None:
        """Adds the line of a diagnostic, which only the first process writes."""
        with _diagnostics(self.out).open("a") as file:
            file.write(json.dumps(row | _named_infinities(row), allow_nan=False) + "\n")

    def failures(self) -> dict[str, str]:
        """Reasons of the cases that failed in this run, by key."""
        rows = [_parse(line) for path in self.out.glob("failures*.jsonl") for line in path.read_bytes().splitlines()]
        return {row["key"]: row["reason"] for row in rows if row is not None}

    def keep_reconstruction(self, key: str, x_hat: Tensor) -> None:
        """Stores x_hat (*in_shape) for the figures; called before the case's line is written."""
        content = io.BytesIO()
        np.save(content, x_hat.cpu().numpy())
        _write_whole(_reconstruction(self.out, key), content.getvalue())

    def reconstruction(self, key: str) -> Any | None:
        """The array stored under a key, None if none was."""
        path = _reconstruction(self.out, key)
        return np.load(path) if path.exists() else None

    def keep_trajectory(self, key: str, trajectory: Mapping[str, Any]) -> None:
        """Stores how a case got to its result; called before its line is written."""
        _write_whole(_trajectory(self.out, key), json.dumps(trajectory).encode())

    def trajectory(self, key: str) -> dict[str, Any] | None:
        """What was stored of a case; None if nothing was."""
        path = _trajectory(self.out, key)
        return json.loads(path.read_bytes()) if path.exists() else None

    def close(self) -> None:
        """Gives the folder free for other sweeps."""
        self._lock.close()

    def adopt(self, other: Path, names: Mapping[str, Sequence[Row]]) -> int:
        """Takes over the results of another run, under the names of this one; returns their number.

        Args:
            other: folder of the other run.
            names: solver and label of each line to be written, by the key of the result.
        """
        found = {key: row for key, row in read_rows(other).items() if key in names}
        for key in found:
            for beside in (_reconstruction, _trajectory):
                if (path := beside(other, key)).exists():
                    shutil.copy(path, beside(self.out, key))
        self.append([row | name for key, row in found.items() for name in names[key]])
        return len(found)


class NewRows:
    """Reads what the processes of a run append to its folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._read_up_to: dict[Path, int] = {}

    def read(self) -> list[Row]:
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


def read_rows(out: Path) -> dict[str, Row]:
    """All finished results in the folder of a run by key; the first of a key counts."""
    return _read(_files(out))


def read_diagnostics(out: Path) -> dict[str, Row]:
    """All finished diagnostics in the folder of a run by key."""
    return _read([_diagnostics(out)] if _diagnostics(out).exists() else [])


def _read(paths: Sequence[Path]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for path in paths:
        for line in path.read_bytes().splitlines():
            row = _parse(line)
            if row is not None:
                rows.setdefault(row["key"], row)
    return rows


def _diagnostics(out: Path) -> Path:
    return out / "diagnostics.jsonl"


def _reconstruction(out: Path, key: str) -> Path:
    return out / "reconstructions" / f"{key}.npy"


def _trajectory(out: Path, key: str) -> Path:
    return out / "trajectories" / f"{key}.json"


def _write_whole(path: Path, content: bytes) -> None:
    """All or nothing of a file, whatever happens meanwhile."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _files(out: Path) -> list[Path]:
    return sorted(out.glob("results*.jsonl"))


def _parse(line: bytes) -> Row | None:
    with contextlib.suppress(ValueError):
        row = json.loads(line)
        if isinstance(row, dict) and "key" in row:
            return row | {name: math.inf for name in _MAY_BE_INFINITE if row.get(name) == "inf"}
    return None


def _named_infinities(row: Row) -> Row:
    return {name: "inf" for name in _MAY_BE_INFINITE if row.get(name) == math.inf}


def _repair(path: Path) -> None:
    """Leaves whole lines only, each ended by a line break; a finished result is never lost."""
    content = path.read_bytes()
    lines = [line for line in content.split(b"\n") if _parse(line) is not None]
    whole = b"".join(line + b"\n" for line in lines)
    if whole != content:
        _write_whole(path, whole)
