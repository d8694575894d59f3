"""The command line of the reproductions."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from lit_inverse.errors import IncompleteError, UsageError, parser_errors
from lit_inverse.reproductions.catalogue import REPRODUCTIONS
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.making import make, run_all
from lit_inverse.reproductions.page import duration, write_page
from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.runs import ROOT, Job, Request, plan_all

_DATA = ROOT.parent / "shared" / "data"


def reproductions(argv: Sequence[str]) -> None:
    """Runs, collects and writes the page; with the word `page` writes it alone.

    Raises:
        UsageError: when the request is impossible.
        IncompleteError: when a run failed; the others are done and on the page.
    """
    only_page = argv[:1] == ["page"]
    parser = _page_parser() if only_page else _parser()
    with parser_errors("command line"):
        config = parser.parse_args(list(argv[1:] if only_page else argv))
    runs = [] if only_page else _asked(config)
    _check_folder("docs", config.docs / "reproductions")
    failed = _run(runs, config) if runs else []
    print(f"page: {write_page(REPRODUCTIONS, config.docs)}")
    if failed:
        raise IncompleteError(f"{len(failed)} failed: {', '.join(failed)}; the same command tries again")


def _page_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m lit_inverse.reproductions",
        exit_on_error=False,
        allow_abbrev=False,
        description="Measures the figures of the founding papers again and writes docs/reproductions.md; "
        "with the word `page` before all options writes the page of what was measured before.",
    )
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder of the page and the kept results")
    return parser


def _parser() -> ArgumentParser:
    parser = _page_parser()
    parser.add_argument("--only", type=list[str] | None, default=None, help="names of configurations; null for all")
    parser.add_argument("--full", action="store_true", help="published settings: days on a processor")
    parser.add_argument("--out", type=Path, default=Path("runs/reproductions"), help="folder of the runs")
    parser.add_argument("--data", type=Path, default=_DATA, help="folder with mnist/, xray/dev/, ...")
    parser.add_argument("--threads", type=PositiveInt, default=1, help="of each run")
    parser.add_argument("--processes", type=PositiveInt, default=2, help="runs at a time")
    return parser


def _asked(config: Namespace) -> list[Run]:
    only, runs = config.only, {one.run.name: one.run for one in REPRODUCTIONS}
    unknown = [name for name in only or [] if name not in runs]
    if unknown or only == []:
        came = f"unknown {', '.join(map(repr, unknown))}" if unknown else "got no name"
        raise UsageError(f"only: {came}, expected names from {', '.join(runs)}")
    if config.data != _DATA and not config.data.is_dir():
        raise UsageError(f"data: {config.data} is no folder, expected one with mnist/, xray/dev/, ...")
    return [run for name, run in runs.items() if only is None or name in only]


def _run(runs: Sequence[Run], config: Namespace) -> list[str]:
    """Names of the runs that failed."""
    _check_folder("out", config.out)
    begin = time.monotonic()
    jobs, impossible = plan_all(runs, Request(config.out, config.data, config.docs, config.full, config.threads))
    for name, why in impossible.items():
        print(f"{name} can not be run: {why}")
    print(_announced(jobs, config), flush=True)
    failed = list(impossible)
    for number, (job, reason) in enumerate(run_all(jobs, config.processes, _work), start=1):
        ended = "is done" if reason is None else f"failed: {reason} (log: {job.log})"
        print(f"{number} of {len(jobs)} after {duration(time.monotonic() - begin)}: {job.run.name} {ended}", flush=True)
        failed += [job.run.name] if reason is not None else []
    return failed


def _check_folder(option: str, folder: Path) -> None:
    """Makes it and a file in it: after hours of work it would be too late to learn that this is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"{option}: cannot write to {folder} ({error.strerror}): choose another --{option}") from error


def _announced(jobs: Sequence[Job], config: Namespace) -> str:
    settings = "published" if config.full else "small"
    lines = [f"{len(jobs)} runs at {settings} settings, {config.processes} at a time; what is finished is kept"]
    for job in jobs:
        took = "not measured before" if job.expected is None else f"took {duration(job.expected)}"
        lines.append(f"  {job.run.name} ({took}): {job.chosen.words}, {job.chosen.place}; log: {job.log}")
    return "\n".join(lines)


def _work(job: Job) -> str | None:
    """Makes a run and keeps what is small of it; returns why that failed."""
    reason = make(job)
    if reason is None:
        patterns = [pattern for one in REPRODUCTIONS if one.run is job.run for pattern in one.pictures]
        collect(job.run, patterns, job.folder, job.request.docs / "reproductions" / job.run.name)
    return reason
