"""Small sweeps of sparse vectors."""

import json
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from matplotlib.figure import Figure

from evaluate import main
from lit_inverse import drawing

Row = dict[str, Any]

SWEEP: dict[str, Any] = {
    "name": "vectors",
    "data": {
        "class_path": "datamodules.SparseSignalsDataModule",
        "init_args": {"n": 60, "n_nonzero": 4, "n_test": 12},
    },
    "limit": 5,
    "operator": {"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 30, "columns": "unit"}},
    "operator_per": "sweep",
    "noise": {"class_path": "lit_inverse.noise.SNR"},
    "noise_levels": [float("inf"), 20.0],
    "solvers": {
        "fista": {"class_path": "lit_inverse.solvers.FISTA", "init_args": {"max_iter": 6, "gap": 0.0, "lam": 0.1}},
        "least_norm": {"class_path": "least_norm.LeastNorm"},
    },
    "logger": False,
}


def write(folder: Path, **changes: Any) -> Path:
    """The file of a sweep."""
    folder.mkdir(exist_ok=True)
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump({**SWEEP, **changes}, sort_keys=False))
    return path


def quickly(*options: str) -> int:
    """evaluate.py with figures that are empty files: to draw them takes longer than all else."""

    def save(figure: Figure, folder: Path, name: str) -> Path:
        path = folder / (re.sub(r"[^\w.+-]+", "_", name) + ".png")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(24))
        return path

    with patch.object(drawing, "save", save):
        return main([*options])


def run(folder: Path, *options: str, **changes: Any) -> list[Row]:
    """The result lines of a sweep in folder / out."""
    assert quickly("--config", str(write(folder, **changes)), "--out", str(folder / "out"), *options) == 0
    return [json.loads(line) for line in (folder / "out" / "results.jsonl").read_text().splitlines()]
