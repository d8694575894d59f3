"""Runs evaluate.py for each configuration, several at a time; what is finished stays finished."""

import hashlib
import json
import os
import platform
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.errors import one_line
from lit_inverse.evaluation.results import read_rows
from lit_inverse.reproductions.runs import Job
from lit_inverse.reproductions.tables import read_record

Start = Callable[[Sequence[str], Path, int], int]  # a command, its log, its threads -> its exit code


def start(command: Sequence[str], log: Path, threads: int) -> int:
    """Runs a command to its end, with its output in a file."""
    with log.open("w") as file:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False).returncode


def run_all(jobs: Sequence[Job], processes: int, work: Callable[[Job], str | None]) -> Iterator[tuple[Job, str | None]]:
    """Does the work for each job, several at a time; yields it as it ends, with the reason if it failed."""
    with ThreadPoolExecutor(processes) as pool:
        running = {pool.submit(work, job): job for job in jobs}
        try:
            for future in as_completed(running):
                error = future.exception()
                if error is not None and not isinstance(error, OSError):  # a bug, or a file that is broken
                    traceback.print_exception(error)
                yield running[future], one_line(error) if error is not None else future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def make(job: Job, starting: Start = start) -> str | None:
    """Makes one run, unless it is finished; returns why it failed, None if it did not."""
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    return _make_sweep(job, starting) if job.is_sweep else _make_experiment(job, starting)


def _make_sweep(job: Job, starting: Start) -> str | None:
    """Finds out by itself what is missing. If nothing was, date and commit stay those of the results."""
    before, done = read_rows(job.folder).keys(), read_record(job.folder / "done.json")
    if failure := _attempt(job, starting):
        return failure
    rows = read_rows(job.folder)
    made = done if done and rows.keys() == before else _now(job.folder)
    devices = ", ".join(sorted({row["device"] for row in rows.values()}))
    _finish(
        job,
        seconds=sum(row["seconds"] for row in rows.values()),
        device=devices,
        date=made["date"],
        commit=made["commit"],
        unknowns=[row["n"] for row in rows.values()][-1],
    )
    return None


def _make_experiment(job: Job, starting: Start) -> str | None:
    """Refuses a folder with results of other settings: one that was begun with such is moved aside."""
    begun, digest = job.folder / "begun.json", _digest(job.files)
    state = read_record(begun)
    if state.get("config_sha256") != digest:
        if job.folder.exists():
            job.folder.rename(job.folder.with_name(f"{job.run.name}.before.{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))
        job.folder.mkdir()
        state = {"config_sha256": digest, "seconds": 0.0}
        _write(begun, state)
    elif read_record(job.folder / "done.json"):
        return None
    begin = time.monotonic()
    try:
        failure = _attempt(job, starting)
    finally:
        state["seconds"] += time.monotonic() - begin
        _write(begun, state)
    if failure is None:
        _finish(job, seconds=state["seconds"], device="cpu", **_now(job.folder))
    return failure


def _attempt(job: Job, starting: Start) -> str | None:
    code = starting(job.command, job.log, job.request.threads)
    if not code:
        return None
    lines = job.log.read_text(errors="replace").split("\n") if job.log.exists() else []
    return f"exit code {code}: {next((line for line in reversed(lines) if line.strip()), 'no output')}"


def _finish(job: Job, seconds: float, device: str, **more: Any) -> None:
    shared = {"small": not job.request.full, "data": job.chosen.words, "real": job.chosen.real}
    measured = {"seconds": round(seconds, 1), "device": f"{device}, {platform.machine()}"}
    _write(job.folder / "done.json", {**shared, **measured, **more})


def _now(folder: Path) -> dict[str, str]:
    versions = yaml.safe_load((folder / "versions.yaml").read_text())
    return {"date": datetime.now(UTC).date().isoformat(), "commit": versions["commit"]}


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """All or nothing of it, whatever happens meanwhile."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(path)
