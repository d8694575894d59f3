"""Runs evaluate.py for each configuration, several at a time; what is finished stays finished."""

import hashlib
import json
import os
import platform
import subprocess
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.errors import one_line
from lit_inverse.evaluation.results import read_rows
from lit_inverse.reproductions.runs import Job
from lit_inverse.reproductions.tables import Tables, read_record

_ASIDE = ".before."

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
    state, before = _begun(job), read_rows(job.folder).keys()
    if not job.is_sweep and read_record(job.folder / "done.json"):
        return None  # a sweep finds out by itself what is missing
    begin = time.monotonic()
    try:
        failure = _attempt(job, starting)
    finally:
        state["seconds"] += time.monotonic() - begin
        _write(job.folder / "begun.json", state)
    if failure is None:
        of_experiment = {"seconds": state["seconds"], "device": "cpu"}
        _finish(job, **(_of_sweep(job, before) if job.is_sweep else of_experiment | _now(job.folder)))
    return failure


def _begun(job: Job) -> dict[str, Any]:
    """What is known of the attempts; a folder that was begun with other settings is moved aside."""
    path, digest = job.folder / "begun.json", _digest(job.files)
    state = read_record(path)
    if state.get("config_sha256") != digest:
        if job.folder.exists():
            job.folder.rename(job.folder.with_name(f"{job.run.name}{_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))
        job.folder.mkdir(parents=True)
        state = {"config_sha256": digest, "seconds": 0.0}
        _write(path, state)
    return state


def _of_sweep(job: Job, before: Collection[str]) -> dict[str, Any]:
    """Seconds are those of the solvers. If nothing was missing, date and commit stay those of the results."""
    rows, done = read_rows(job.folder), read_record(job.folder / "done.json")
    timings = Tables(job.folder)["timings"]  # lines of earlier versions of solvers do not count in them
    made = done if done and rows.keys() == before else _now(job.folder)
    return {
        "seconds": sum(row["total"] for row in timings),
        "device": ", ".join(sorted({device for row in timings for device in row["devices"].split(", ")})),
        "date": made["date"],
        "commit": made["commit"],
        "unknowns": [row["n"] for row in rows.values()][-1],
    }


def _attempt(job: Job, starting: Start) -> str | None:
    aside = sorted(job.folder.parent.glob(f"{job.run.name}{_ASIDE}*")) if job.is_sweep else []
    finished = [str(folder.resolve()) for folder in aside if read_rows(folder)]
    reuse = ["--reuse", json.dumps(finished)] if finished else []
    code = starting([*job.command, *reuse], job.log, job.request.threads)
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
