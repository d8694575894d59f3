"""Follows a sweep in Weights & Biases: system metrics while it runs, what it found at its end."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import wandb

from lit_inverse.evaluation.constant_means import Constant
from lit_inverse.evaluation.findings import Findings, Table
from lit_inverse.evaluation.grouping import shown
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.report import Report
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.tracking import log_configuration, wandb_logger

_MAX_IMAGES = 100  # of a solver; W&B shows 108 of a list


class Tracking:
    """The W&B run of a sweep, open while the sweep runs; the next start with the same folder continues it.

    Raises:
        UsageError: when W&B cannot be reached.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        logger = wandb_logger(sweep.name, sweep.out, _run_id(sweep.out))
        log_configuration([logger], sweep.resolved)
        self.run = logger.experiment

    def finish(self, report: Report, results: Results) -> None:
        """Logs the tables, the figures and the reconstructions, and ends the run."""
        findings = report.findings
        content: dict[str, Any] = {"results": _table(findings.rows)}
        for name, table in {**findings.tables(), "diagnostics": Table(Constant, report.constants)}.items():
            content[name] = _table([_columns(asdict(record), table.leave_out) for record in table.records])
        content |= {title: wandb.Image(str(path)) for title, path in report.figures.items()}
        content |= self._reconstructions(report.outcome, results)
        self.run.log({name: value for name, value in content.items() if value is not None})
        self.run.summary.update(_figures_of_merit(report.outcome, findings))
        self.run.finish()

    def _reconstructions(self, outcome: Outcome, results: Results) -> dict[str, list[wandb.Image]]:
        """The stored images of each solver, their setting and error below."""
        images: dict[str, list[wandb.Image]] = {}
        for case, row in outcome.finished:
            of_solver = images.setdefault(f"reconstructions/{row['label']}", [])
            x_hat = None if len(of_solver) == _MAX_IMAGES or not case.is_shown else results.reconstruction(case.key)
            if x_hat is not None and x_hat.ndim == 3 and not np.iscomplexobj(x_hat):
                setting = "" if self.sweep.vary is None else f", {self.sweep.vary} = {case.measurement}"
                caption = f"{case.image}{setting}, noise {case.noise_level:g}, MSE {row['mse']:.3g}"
                of_solver.append(wandb.Image(_bytes(x_hat, self.sweep.shown_range or (-1.0, 1.0)), caption=caption))
        return {name: of_solver for name, of_solver in images.items() if of_solver}


def _run_id(out: Path) -> str:
    """Identity of the run, which stays with the folder."""
    path = out / "wandb_id"
    if not path.exists():
        path.write_text(uuid.uuid4().hex[:8] + "\n")
    return path.read_text().strip()


def _table(rows: Sequence[Mapping[str, Any]]) -> wandb.Table | None:
    columns: list[str | int] = list(dict.fromkeys(name for row in rows for name in row))
    data = [[_cell(row.get(str(name))) for name in columns] for row in rows]
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True) if rows else None


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _columns(record: dict[str, Any], leave_out: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in leave_out}


def _figures_of_merit(outcome: Outcome, findings: Findings) -> dict[str, Any]:
    """Counts of cases, and the mean error of each solver at each setting."""
    merit: dict[str, Any] = {
        "cases": outcome.n_cases,
        "finished": len(outcome.finished),
        "failed": len(outcome.failed),
        "diverged": sum(summary.diverged for summary in findings.summaries),
    }
    for summary in findings.summaries:
        noise = f"/noise{summary.noise_level:g}" if summary.noise_level else ""
        merit[f"mse/{summary.solver}/{shown(summary.setting)}{noise}"] = summary.mse_mean
        if summary.nmse_db is not None:
            merit[f"nmse_db/{summary.solver}/{shown(summary.setting)}{noise}"] = summary.nmse_db
    return merit


def _bytes(x_hat: Any, value_range: tuple[float, float]) -> Any:
    """(C, H, W) in value_range to (H, W, C) in 0 .. 255."""
    low, high = value_range
    grey = np.clip((x_hat - low) / (high - low), 0, 1)
    image = np.moveaxis(np.round(255 * grey).astype(np.uint8), 0, -1)
    return image[..., 0] if image.shape[-1] != 3 else image
