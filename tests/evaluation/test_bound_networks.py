"""Trained networks in sweeps: each belongs to one A."""

import math
from pathlib import Path
from typing import Any

import pytest
from evaluation.vectors import run, write

from evaluate import main
from lit_inverse.checkpoints import SHIPPED

CHANGES: dict[str, Any] = {
    "data": {"class_path": "datamodules.SparseSignalsDataModule", "init_args": {"n": 500, "n_test": 20}},
    "operator": {"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 250, "columns": "unit"}},
    "solvers": {
        "hyperlista": {
            "class_path": "lit_inverse.solvers.Unfolded",
            "init_args": {"checkpoint": str(SHIPPED / "hyperlista.pt")},
        }
    },
    "limit": 20,
    "noise_levels": [math.inf],
}


def test_a_shipped_network_is_evaluated_on_the_a_of_seed_0(tmp_path: Path) -> None:
    rows = run(tmp_path, **CHANGES)
    assert len(rows) == 20
    assert all(len(row["along"]) == 17 for row in rows)
    assert 10 * math.log10(sum(row["mse"] for row in rows) / sum(row["mse"] / row["nmse"] for row in rows)) < -80


ANOTHER = "this HyperLISTA was trained for another A"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--seed", "1"], ANOTHER),
        (["--operator.kappa", "30"], ANOTHER),
        (["--operator_per", "image"], "there is one A per item"),
    ],
)
def test_another_a_is_refused_before_any_work(
    tmp_path: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(write(tmp_path, **CHANGES)), "--out", str(tmp_path / "out"), *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: solvers.hyperlista: {reason}")
    assert not (tmp_path / "out").exists()
