"""Errors in dB from the vectors themselves, and against scipy."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lit_inverse.evaluation.decibels import aggregate
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.statistics import Summary, summarise

SOURCE = np.random.default_rng(0)
X = SOURCE.normal(size=(40, 10)) * SOURCE.gamma(0.5, size=(40, 1))
X_HAT = X + 10 ** SOURCE.normal(-2, 1, size=(40, 1)) * SOURCE.normal(size=(40, 10))


def rows_of(x_hat: np.ndarray, x: np.ndarray = X, solver: str = "a", repeat: int = 0, **others: object) -> list[Any]:
    mse, power = ((x_hat - x) ** 2).mean(1), (x**2).mean(1)
    return [
        {
            "solver": solver, "label": solver, "m": 5, "noise_level": 0.0, "image": str(i), "repeat": repeat,
            "value_range": None, "mse": mse[i], "nmse": mse[i] / power[i] if power[i] else None, "psnr": None,
            "ssim": None, "status": "max_iter", "seconds": 1.0, **others,
        }
        for i in range(len(x))
    ]  # fmt: skip


def db(ratio: Any) -> Any:
    return 10 * np.log10(ratio)


def energies(x_hat: np.ndarray, x: np.ndarray = X) -> tuple[np.ndarray, np.ndarray]:
    return ((x_hat - x) ** 2).sum(1), (x**2).sum(1)


def summary_of(rows: list[Any], solver: str = "a") -> Summary:
    return next(summary for summary in summarise(rows) if summary.solver == solver)


def test_the_aggregate_is_the_ratio_of_all_energies() -> None:
    errors, power = energies(X_HAT)
    assert summary_of(rows_of(X_HAT)).nmse_db == pytest.approx(db(errors.sum() / power.sum()), abs=1e-9)


def test_single_signals_are_summed_up_in_db() -> None:
    errors, power = energies(X_HAT)
    each, found = db(errors / power), summary_of(rows_of(X_HAT))
    interval = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    values = found.nmse_db_mean, found.nmse_db_mean_low, found.nmse_db_mean_high, found.nmse_db_p95, found.nmse_db_worst
    expected = each.mean(), interval.low, interval.high, np.quantile(each, 0.95), each.max()
    assert values == pytest.approx(expected, abs=1e-9)
    assert len({round(float(value), 3) for value in (*expected, found.nmse_db)}) == 6  # none of them is another


def test_the_interval_of_the_aggregate_is_scipys() -> None:
    errors, power = energies(X_HAT)
    expected = stats.bootstrap(
        (errors, power), lambda e, p, axis=-1: e.sum(axis) / p.sum(axis), paired=True, vectorized=True,
        n_resamples=1999, method="BCa", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    found = summary_of(rows_of(X_HAT))
    assert (found.nmse_db_low, found.nmse_db_high) == pytest.approx((db(expected.low), db(expected.high)), abs=1e-6)


def test_columns_have_the_intervals_they_have_alone() -> None:
    errors = SOURCE.gamma(1.0, size=(30, 3)) * [1, 1e-6, 0]
    power = SOURCE.gamma(1.0, size=30)
    together = aggregate(errors, power)
    for column in range(3):
        assert [float(part[column]) for part in together] == pytest.approx(
            [float(part) for part in aggregate(errors[:, column], power)]
        )
    assert together[0][2] == together[1][2] == together[2][2] == pytest.approx(-313.07, abs=0.01)


def test_one_signal_has_no_interval() -> None:
    found = summary_of(rows_of(X_HAT[:1], X[:1]))
    assert (found.nmse_db_low, found.nmse_db_high) == (-math.inf, math.inf)
    assert found.nmse_db == pytest.approx(found.nmse_db_mean)


def test_an_exact_signal_counts_with_the_energy_that_other_solvers_tell() -> None:
    exact = X_HAT.copy()
    exact[3:] = X[3:]
    errors, power = energies(exact)
    found = summary_of(rows_of(exact) + rows_of(X_HAT, solver="b"))
    assert found.nmse_db == pytest.approx(db(errors.sum() / power.sum()), abs=1e-9)
    assert found.nmse_db_mean == pytest.approx((db(errors[:3] / power[:3]).sum() - 37 * 313.0713) / 40, abs=1e-3)


def test_solvers_that_are_exact_everywhere_are_as_good_as_rounding() -> None:
    found = summary_of(rows_of(X) + rows_of(X_HAT, solver="b"))
    assert found.nmse_db == found.nmse_db_low == found.nmse_db_worst == pytest.approx(-313.07, abs=0.01)


def test_a_signal_of_zeros_counts_in_the_aggregate_alone() -> None:
    x = X.copy()
    x[0] = 0
    errors, power = energies(X_HAT, x)
    found = summary_of(rows_of(X_HAT, x))
    assert found.nmse_db == pytest.approx(db(errors.sum() / power.sum()), abs=1e-9)
    assert found.nmse_db_mean == pytest.approx(db(errors[1:] / power[1:]).mean(), abs=1e-9)


def test_only_signals_of_zeros_have_no_db() -> None:
    assert summary_of(rows_of(X_HAT, 0 * X)).nmse_db is None


def test_repeats_of_a_signal_count_as_one() -> None:
    other = X + 2 * (X_HAT - X)
    found = summary_of(rows_of(X_HAT) + rows_of(other, repeat=1))
    assert found.n == 40
    assert found.nmse_db == pytest.approx(summary_of(rows_of(X_HAT)).nmse_db + db(2.5), abs=1e-9)
    assert found.nmse_db_mean == pytest.approx(summary_of(rows_of(X_HAT)).nmse_db_mean + db(4) / 2, abs=1e-9)


def test_images_have_none_of_it() -> None:
    assert summary_of(rows_of(X_HAT, value_range=[-1, 1])).nmse_db is None


def test_columns_in_db_are_those_of_vectors_alone(tmp_path: Path) -> None:
    from lit_inverse.evaluation.findings import Findings

    for value_range, has_db in ((None, True), ([0, 1], False)):
        out = tmp_path / str(has_db)
        Results(out).close()
        Findings.of(rows_of(X_HAT, value_range=value_range, device="cpu"), 0.01).write(out)
        with (out / "summary.csv").open() as file:
            (line,) = csv.DictReader(file)
        assert ("nmse_db" in line) == has_db
        assert list(line)[-1] == ("nmse_db_worst" if has_db else "seconds_mean")
        assert {path.name for path in out.glob("*.csv")} == {
            "summary.csv", "comparisons.csv", "winners.csv", "success.csv", "timings.csv"
        }  # fmt: skip
