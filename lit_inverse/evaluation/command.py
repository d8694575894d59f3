"""The command line of evaluate.py."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from lit_inverse.errors import IncompleteError, as_usage_errors
from lit_inverse.evaluation.cases import Plan, names, plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.diagnostics import Planned, diagnose, plan_diagnostics
from lit_inverse.evaluation.dry_run import describe, describe_diagnostics
from lit_inverse.evaluation.parent_process import end_with_parent
from lit_inverse.evaluation.report import write_report
from lit_inverse.evaluation.results import Results, Row, read_diagnostics, read_rows
from lit_inverse.evaluation.runner import build_trainer, run
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.tracking import Tracking
from lit_inverse.provenance import describe_run
from lit_inverse.quiet import quieten_lightning


def evaluate(request: Request) -> None:
    """Runs the missing cases of a sweep, in each of its processes; the first one writes the report.

    Raises:
        UsageError: when the request is impossible; nothing has been computed then.
        IncompleteError: when cases failed; all others are finished and reported.
    """
    end_with_parent()
    quieten_lightning()
    sweep = read_sweep(request)
    if sweep.threads is not None:
        torch.set_num_threads(sweep.threads)
    trainer = build_trainer(sweep)
    with as_usage_errors("data"):
        sweep.data.prepare_data()
        sweep.data.setup("predict")
    planned = plan(sweep)
    measured = plan_diagnostics(sweep, planned.cases)
    if sweep.dry_run:
        if trainer.is_global_zero:
            print(describe(planned.cases, _there(sweep, read_rows)))
            print(describe_diagnostics(measured, _there(sweep, read_diagnostics)), end="")
        return
    results = Results(sweep.out, trainer.global_rank)
    if trainer.is_global_zero:
        versions = describe_run(sweep.out, sweep.resolved)
        _adopt(sweep, planned, results)
        rows = results.rows()
        finished = sum(case.key in rows for case in planned.cases)
        print(f"{sweep.name}: {len(planned.cases)} cases, {finished} of them finished before; results in {sweep.out}")
    tracking = Tracking(sweep) if sweep.logger and trainer.is_global_zero else None
    run(sweep, planned, results, trainer)
    if trainer.is_global_zero:
        if measured:
            diagnose(sweep, measured, results, trainer.strategy.root_device)
        report = write_report(sweep, planned.cases, results, versions, measured)
        if tracking is not None:
            tracking.finish(report, results)
        print(f"report: {sweep.out / 'report.html'}")
    results.close()
    if trainer.is_global_zero:
        _warn_of_missing(sweep, planned, measured, results)


def _there(sweep: Sweep, read: Callable[[Path], dict[str, Row]]) -> dict[str, Row]:
    """Results that are there or would be taken over."""
    there: dict[str, Row] = {}
    for folder in [sweep.out, *sweep.reuse]:
        there = read(folder) | there
    return there


def _adopt(sweep: Sweep, planned: Plan, results: Results) -> None:
    for other in sweep.reuse:
        finished = results.rows()
        missing = names(sweep, (case for case in planned.cases if case.key not in finished))
        print(f"{results.adopt(other, missing)} results taken over from {other}")


def _warn_of_missing(sweep: Sweep, planned: Plan, measured: Sequence[Planned], results: Results) -> None:
    failures = results.failures()
    if failures:
        of_diagnostics = len(failures.keys() & {one.key for one in measured})
        numbers = {"cases": len(failures) - of_diagnostics, "diagnostics": of_diagnostics}
        failed = " and ".join(f"{number} {what}" for what, number in numbers.items() if number)
        raise IncompleteError(
            f"{failed} failed ({next(iter(failures.values()))}, ...): see {sweep.out / 'failures.jsonl'}; "
            "the same command tries them again"
        )
    missing = {case.key for case in planned.cases} - results.rows().keys()
    if missing:
        raise IncompleteError(f"{len(missing)} cases are missing, a process died: the same command computes them")
