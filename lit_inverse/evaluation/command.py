"""The command line of evaluate.py."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import yaml

from lit_inverse.errors import as_usage_errors
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.report import write_report
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.runner import build_trainer, run
from lit_inverse.evaluation.tracking import track
from lit_inverse.provenance import versions


def evaluate(argv: Sequence[str], default: Path) -> None:
    """Runs the missing cases of a sweep and writes its report.

    Raises:
        UsageError: when the request is impossible; nothing has been computed then.
    """
    _quieten_lightning()
    sweep = read_sweep(argv, default)
    trainer = build_trainer(sweep)
    with as_usage_errors("data"):
        sweep.data.prepare_data()
        sweep.data.setup("predict")
    planned = plan(sweep)
    results = Results(sweep.out)
    found = versions()
    (sweep.out / "config.yaml").write_text(sweep.resolved)
    (sweep.out / "versions.yaml").write_text(yaml.safe_dump(found, sort_keys=False))
    finished = len(planned.cases) - len({case.key for case in planned.cases} - results.rows().keys())
    print(f"{sweep.name}: {len(planned.cases)} cases, {finished} of them finished before; results in {sweep.out}")
    run(sweep, planned, results, trainer)
    paths = write_report(sweep, planned.cases, results, found)
    if sweep.logger:
        track(sweep, planned.cases, results, paths)
    print(f"report: {sweep.out / 'report.html'}")


def _quieten_lightning() -> None:
    """Keeps Lightning's hints on devices and workers, which mean nothing here, out of the output."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
