"""The oracle line, against numpy and theory."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation.vectors import run, write

from datamodules import SparseSignalsDataModule
from evaluate import main
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.oracle import oracle_rows
from lit_inverse.noise import SNR
from lit_inverse.operators import Gaussian
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def expected_errors(operator_per: str, level: float, n_items: int) -> np.ndarray:
    """Squared errors of numpy's least squares on the support, for the sweep's own signals, A and noise."""
    data = SparseSignalsDataModule(n=60, n_nonzero=4, n_test=12)
    errors = []
    for i in range(n_items):
        x = data.dataset("test")[i]["x"]
        stream = ("", 0) if operator_per == "sweep" else (f"test/{i}", 0)
        operator = Gaussian((60,), 30, derive_seed(0, "operator", *stream), columns="unit")
        y = Problem(operator, SNR(level)).measure(x[None], [derive_seed(0, "noise", f"test/{i}", 0)])[0]
        support = np.flatnonzero(x.numpy())
        x_hat = np.zeros(60)
        x_hat[support] = np.linalg.lstsq(operator.matrix.double().numpy()[:, support], y.double().numpy())[0]
        errors.append(np.mean((x_hat - x.numpy()) ** 2))
    return np.array(errors)


@pytest.mark.parametrize("operator_per", ["sweep", "image"])
def test_the_oracle_is_least_squares_on_the_support(tmp_path: Path, operator_per: str) -> None:
    path = write(tmp_path, operator_per=operator_per, oracle=True, noise_levels=[20.0])
    sweep = read_sweep(Request.read(["--config", str(path)], path))
    sweep.data.setup("predict")
    rows = oracle_rows(sweep, plan(sweep).cases)
    assert [row["image"] for row in rows] == [f"test/{i}" for i in range(5)]  # once, whatever the number of solvers
    assert [row["mse"] for row in rows] == pytest.approx(expected_errors(operator_per, 20.0, 5), rel=1e-6)


def test_the_oracle_of_complex_measurements(tmp_path: Path) -> None:
    source = np.random.default_rng(0)
    np.save(tmp_path / "A.npy", source.normal(size=(3, 60)) + 1j * source.normal(size=(3, 60)))
    operator = {"class_path": "lit_inverse.operators.StoredMatrix", "init_args": {"path": "A.npy"}}
    path = write(tmp_path, operator=operator, oracle=True, noise_levels=[math.inf], measurements=[None], vary=None)
    sweep = read_sweep(Request.read(["--config", str(path)], path))
    sweep.data.setup("predict")
    rows = oracle_rows(sweep, plan(sweep).cases)
    assert max(row["mse"] for row in rows) < 1e-10  # 6 real equations for 4 numbers


def test_the_oracle_is_below_the_noise_by_what_theory_says(tmp_path: Path) -> None:
    """Its error is that of s numbers from m equations: E = sigma^2 tr (A_S^T A_S)^-1, about s sigma^2 m / (m - s)."""
    init_args = {"n": 200, "n_nonzero": 20, "n_test": 100}
    data = {"class_path": "datamodules.SparseSignalsDataModule", "init_args": init_args}
    operator = {"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 100, "columns": "unit"}}
    solvers = {"least_norm": {"class_path": "least_norm.LeastNorm"}}
    changes: dict[str, Any] = {"data": data, "operator": operator, "limit": 100, "solvers": solvers}
    run(tmp_path, oracle=True, noise_levels=[30.0, math.inf], **changes)
    noisy, exact = (float(line["nmse_db"]) for line in table(tmp_path / "out" / "oracle.csv"))
    assert noisy == pytest.approx(-30 + 10 * math.log10(0.2 / 0.8), abs=0.5)
    assert exact < -130


def test_the_oracle_changes_no_key_and_is_no_solver(tmp_path: Path) -> None:
    without = {row["key"] for row in run(tmp_path / "a")}
    rows = run(tmp_path / "b", oracle=True)
    assert {row["key"] for row in rows} == without
    assert {row["solver"] for row in rows} == {"fista", "least_norm"}
    lines = table(tmp_path / "b" / "out" / "oracle.csv")
    assert [(line["label"], line["noise_level"]) for line in lines] == [
        ("oracle least squares", "20.0"),
        ("oracle least squares", "inf"),
    ]
    assert not (tmp_path / "a" / "out" / "oracle.csv").exists()
    for name in ("summary", "winners", "comparisons"):
        assert "oracle" not in (tmp_path / "b" / "out" / f"{name}.csv").read_text()
    assert "oracle least squares" in (tmp_path / "b" / "out" / "report.html").read_text()


def test_a_finished_sweep_gets_its_oracle_without_computing_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(tmp_path)
    assert run(tmp_path, oracle=True) == rows
    assert "20 cases, 20 of them finished before" in capsys.readouterr().out
    assert (tmp_path / "out" / "oracle.csv").exists()


def test_the_oracle_of_images_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, data={"class_path": "datamodules.DigitsDataModule"}, oracle=True)
    assert main(["--config", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: oracle: got x of shape (1, 28, 28)")
    assert not (tmp_path / "out").exists()
