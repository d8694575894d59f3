"""Hands a finished sweep to Weights & Biases."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb
import yaml

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.tracking import wandb_logger


def track(sweep: Sweep, cases: list[Case], results: Results, figures: Mapping[str, Path]) -> None:
    """Logs the resolved configuration, the results as a table and the figures; a resumed sweep continues its run."""
    run_id = hashlib.blake2b(str(sweep.out.resolve()).encode(), digest_size=8).hexdigest()
    logger = wandb_logger(sweep.name, sweep.out, run_id)
    logger.log_hyperparams(yaml.safe_load(sweep.resolved))
    finished = results.rows()
    rows = [finished[case.key] for case in cases if case.key in finished]
    content: dict[str, Any] = {title: wandb.Image(str(path)) for title, path in figures.items()}
    if rows:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        content["results"] = wandb.Table(columns=[*columns], data=[[row.get(name) for name in columns] for row in rows])
    logger.experiment.log(content)
    logger.experiment.finish()
