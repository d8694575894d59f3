"""The command line of the reproductions."""

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser
from jsonargparse.typing import PositiveInt

from lit_inverse.errors import IncompleteError, UsageError
from lit_inverse.evaluation.assembly import parser_errors
from lit_inverse.reproductions.catalogue import EXPERIMENTS
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.experiment import Run
from lit_inverse.reproductions.page import write_page
from lit_inverse.reproductions.runs import ROOT, Request, run_all


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
    failed = [] if only_page else _run(config.only, _request(config), config.docs)
    print(write_page(EXPERIMENTS, config.docs))
    if failed:
        raise IncompleteError(f"{len(failed)} runs failed: {', '.join(failed)}")


def _page_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m lit_inverse.reproductions", exit_on_error=False, allow_abbrev=False, description=__doc__
    )
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder of the page and the kept results")
    return parser


def _parser() -> ArgumentParser:
    parser = _page_parser()
    parser.add_argument("--only", type=list[str] | None, default=None, help="names of configurations; null for all")
    parser.add_argument("--full", action="store_true", help="published settings: days on a processor")
    parser.add_argument("--out", type=Path, default=Path("runs/reproductions"), help="folder of the runs")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="mnist/, xray/dev/, ...")
    parser.add_argument("--threads", type=PositiveInt, default=1, help="of each run")
    parser.add_argument("--processes", type=PositiveInt, default=2, help="runs at a time")
    return parser


def _request(config: object) -> Request:
    names = ("out", "data", "full", "threads", "processes")
    return Request(**{name: getattr(config, name) for name in names})


def _run(only: list[str] | None, request: Request, docs: Path) -> list[str]:
    """Names of the runs that failed."""
    runs = {one.run.name: one.run for one in EXPERIMENTS}
    if unknown := [name for name in only or [] if name not in runs]:
        raise UsageError(f"only: unknown {unknown[0]!r}, expected names from {', '.join(runs)}")
    failed = []
    for run, reason in run_all([run for name, run in runs.items() if only is None or name in only], request):
        reason = reason or _keep(run, request, docs)
        if reason is None:
            print(f"{run.name} is done", flush=True)
        else:
            print(f"{run.name} failed with {reason} (see {request.out / run.name}.log)", flush=True)
            failed.append(run.name)
    return failed


def _keep(run: Run, request: Request, docs: Path) -> str | None:
    """Keeps the small results; returns what is missing, if anything is."""
    patterns = [pattern for one in EXPERIMENTS if one.run is run for pattern in one.pictures]
    try:
        collect(run, patterns, request.out / run.name, docs / "reproductions" / run.name)
    except FileNotFoundError as error:
        return str(error)
    return None
