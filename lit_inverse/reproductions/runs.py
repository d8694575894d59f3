"""What is asked for: which runs, at which settings, on which data, in which folders."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from lit_inverse.errors import one_line
from lit_inverse.reproductions.data import Chosen, choose
from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.tables import Tables

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "evaluate"


@dataclass(frozen=True)
class Request:
    """How runs are to be made.

    Attributes:
        out: folder below which each has its own.
        data: root of the real data.
        docs: folder of the page, with the kept results of earlier runs.
        full: at the published settings, without NAME.small.yaml.
        threads: of each.
        configs: folder of the configurations.
    """

    out: Path
    data: Path
    docs: Path
    full: bool = False
    threads: int = 1
    configs: Path = CONFIGS


@dataclass(frozen=True)
class Job:
    """One run as requested.

    Attributes:
        files: its configurations.
        chosen: its data.
        folder: of its results: runs of another size or on other data have another one.
        expected: seconds that the kept results of this size took; None if there are none.
    """

    run: Run
    request: Request
    files: Sequence[Path]
    chosen: Chosen
    folder: Path
    is_sweep: bool
    expected: float | None

    @property
    def log(self) -> Path:
        """What the command printed."""
        return self.folder.with_name(f"{self.run.name}.log")

    @property
    def command(self) -> list[str]:
        """The command line."""
        configs = [word for file in self.files for word in ("--config", str(file))]
        threads = str(self.request.threads)
        last = ["--logger", "false", "--threads", threads] if self.is_sweep else ["--settings.threads", threads]
        command = [sys.executable, str(ROOT / "evaluate.py"), *configs, *self.chosen.arguments]
        return [*command, "--out", str(self.folder), *last]


def job_of(run: Run, request: Request) -> Job:
    """What is to be done for a run; writes what stands in for data that is missing."""
    config = request.configs / f"{run.name}.yaml"
    small = [] if request.full else [request.configs / f"{run.name}.small.yaml"]
    chosen = choose(run, config, request.data, request.out)
    folder = request.out / (("full" if request.full else "small") + ("" if chosen.real else "-drawn")) / run.name
    kept = Tables(request.docs / "reproductions" / run.name).record
    expected = kept.get("seconds") if kept.get("small") != request.full else None
    is_sweep = "experiment" not in yaml.safe_load(config.read_text())
    return Job(run, request, [config, *small], chosen, folder, is_sweep, expected)


def plan_all(runs: Sequence[Run], request: Request) -> tuple[list[Job], dict[str, str]]:
    """What is to be done, in the order of beginning: the longest first, as nothing can run beside the last ones.

    Also why runs can not be made, by name.
    """
    jobs, failed = list[Job](), dict[str, str]()
    for run in runs:
        try:
            jobs.append(job_of(run, request))
        except Exception as error:  # of this run alone
            failed[run.name] = one_line(error)
    return sorted(jobs, key=lambda job: float("-inf") if job.expected is None else -job.expected), failed
