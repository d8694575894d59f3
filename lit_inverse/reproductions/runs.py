"""Runs evaluate.py for each configuration, several at a time; what is finished stays finished."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.reproductions.data import Chosen, choose
from lit_inverse.reproductions.experiment import Run
from lit_inverse.reproductions.tables import Tables

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "evaluate"

Start = Callable[[Sequence[str], Path, int], int]  # a command, its log, its threads -> its exit code


@dataclass(frozen=True)
class Request:
    """How runs are to be made.

    Attributes:
        out: folder below which each has its own.
        data: root of the real data.
        full: at the published settings, without NAME.small.yaml.
        threads: of each.
        processes: runs at a time.
        configs: folder of the configurations.
    """

    out: Path
    data: Path
    full: bool = False
    threads: int = 1
    processes: int = 2
    configs: Path = CONFIGS

    def files(self, run: Run) -> list[Path]:
        """The configurations of a run."""
        small = [] if self.full else [self.configs / f"{run.name}.small.yaml"]
        return [self.configs / f"{run.name}.yaml", *small]


def start(command: Sequence[str], log: Path, threads: int) -> int:
    """Runs a command to its end, with its output in a file."""
    with log.open("w") as file:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False).returncode


def run_all(runs: Sequence[Run], request: Request, starting: Start = start) -> Iterator[tuple[Run, str | None]]:
    """Makes all runs; yields each as it ends, with the reason if it failed."""
    with ThreadPoolExecutor(request.processes) as pool:
        running = {pool.submit(run_one, run, request, starting): run for run in runs}
        try:
            for future in as_completed(running):
                try:
                    yield running[future], future.result()
                except OSError as error:  # a file that is missing is a failure of its run alone
                    yield running[future], str(error)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def run_one(run: Run, request: Request, starting: Start = start) -> str | None:
    """Makes one run, unless it is finished; returns why it failed, None if it did not."""
    files, folder = request.files(run), request.out / run.name
    request.out.mkdir(parents=True, exist_ok=True)
    chosen = choose(run, files[0], request.data, request.out)
    is_sweep = "experiment" not in yaml.safe_load(files[0].read_text())
    digest = _digest([*files, *(Path(name) for name in chosen.arguments if name.endswith(".yaml"))])
    if not is_sweep and _finished(folder, digest):
        return None
    if not is_sweep:
        _make_room(folder, digest)
    log, begin = request.out / f"{run.name}.log", time.monotonic()
    code = starting(command(files, chosen, folder, request.threads, is_sweep), log, request.threads)
    if code:
        lines = log.read_text(errors="replace").split("\n") if log.exists() else []
        return f"exit code {code}: {next((line for line in reversed(lines) if line.strip()), 'no output')}"
    record = _record_of_sweep(folder) if is_sweep else _record_of_experiment(time.monotonic() - begin)
    shared = {"config_sha256": digest, "small": not request.full, "data": chosen.words, "real": chosen.real}
    (folder / "done.json").write_text(json.dumps({**shared, **record, "commit": _commit(folder)}, indent=1) + "\n")
    return None


def command(files: Sequence[Path], chosen: Chosen, folder: Path, threads: int, is_sweep: bool) -> list[str]:
    """The command line of a run."""
    configs = [word for file in files for word in ("--config", str(file))]
    last = ["--logger", "false", "--threads", str(threads)] if is_sweep else ["--settings.threads", str(threads)]
    return [sys.executable, str(ROOT / "evaluate.py"), *configs, *chosen.arguments, "--out", str(folder), *last]


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _finished(folder: Path, digest: str) -> bool:
    done = folder / "done.json"
    return done.exists() and json.loads(done.read_text())["config_sha256"] == digest


def _make_room(folder: Path, digest: str) -> None:
    """Experiments refuse a folder with results of other settings: what was begun with such is moved aside."""
    begun = folder / "begun.sha256"
    if folder.exists() and (not begun.exists() or begun.read_text() != digest):
        aside = folder.with_name(f"{folder.name}.before.{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        folder.rename(aside)
    folder.mkdir(parents=True, exist_ok=True)
    begun.write_text(digest)


def _record_of_experiment(seconds: float) -> dict[str, Any]:
    now = datetime.now(UTC).date().isoformat()
    return {"seconds": round(seconds, 1), "date": now, "device": f"cpu, {platform.machine()}"}


def _record_of_sweep(folder: Path) -> dict[str, Any]:
    """Date of the last result; seconds of the solvers, as runs may have been killed and taken up again."""
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines() if line.strip()]
    date = datetime.fromtimestamp((folder / "results.jsonl").stat().st_mtime, UTC).date().isoformat()
    seconds = sum(row["n"] * row["seconds_mean"] for row in Tables(folder)["summary"])
    devices = ", ".join(sorted({row["device"] for row in rows}))
    return {
        "seconds": round(seconds, 1),
        "date": date,
        "device": f"{devices}, {platform.machine()}",
        "unknowns": rows[-1]["n"],
    }


def _commit(folder: Path) -> str:
    path = folder / "versions.yaml"
    return str(yaml.safe_load(path.read_text())["commit"]) if path.exists() else "unknown"
