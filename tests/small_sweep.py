"""A sweep that takes no time, and how its script is started."""

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

SWEEP: dict[str, Any] = {
    "name": "tiny",
    "data": {"class_path": "datamodules.DigitsDataModule", "init_args": {"value_range": [-1, 1]}},
    "limit": 3,
    "operator": {"class_path": "lit_inverse.operators.Gaussian"},
    "vary": "m",
    "measurements": [20, 40],
    "solvers": {
        "plain": {"class_path": "least_norm.LeastNorm"},
        "jittered": {"class_path": "least_norm.LeastNorm", "init_args": {"jitter": 0.1}},
    },
    "logger": False,
}


def environment() -> dict[str, str]:
    """For a process of its own that finds the tests' solvers."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "OMP_NUM_THREADS": "1"}
