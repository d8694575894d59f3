"""The command of the analytic deep prior, and what needs no reconstruction."""

from pathlib import Path

import pytest

from lit_inverse.theory.analytic_deep_prior.experiment import run
from lit_inverse.theory.analytic_deep_prior.predictions import Limit, Order, limits, orders
from lit_inverse.theory.analytic_deep_prior.reconstructions import Coefficient, Errors, errors
from lit_inverse.theory.records import read_records


def test_limits_of_equation_4_17_to_6_digits() -> None:
    found = limits([0.63662, 0.09092, 0.04893, 0.02538])
    assert len(found) == 12
    for one in found:
        assert one.coefficient == pytest.approx(one.prediction, rel=1e-6)
        over = one.sigma >= 2 * one.alpha**0.5
        assert one.prediction == pytest.approx((one.sigma + one.delta) / (one.sigma if over else 2 * one.alpha**0.5))


def test_table_4_1() -> None:
    found = {(one.filter, one.nu): one for one in orders((1.0, 2.0, 3.0))}
    for (name, nu), one in found.items():
        assert one.gamma == pytest.approx(1.0 if name == "TSVD" else 0.5, abs=0.01)
        optimal = one.rate >= one.gamma * nu - 0.01
        assert optimal == (name != "Tikhonov" or nu <= 2)


def test_all_files_are_written(tmp_path: Path) -> None:
    run(tmp_path, alphas=(0.1, 0.01), signals=("u_3",), seeds=2, max_iter=3)
    rows = read_records(Errors, tmp_path / "errors.csv")
    assert [(row.alpha, row.seed) for row in rows] == [(0.1, 0), (0.1, 1), (0.01, 0), (0.01, 1)]
    assert all(row.best <= min(row.final, row.tikhonov) for row in rows)
    assert len(read_records(Limit, tmp_path / "limits.csv")) == 12
    assert len(read_records(Order, tmp_path / "orders.csv")) == 12
    found = [one.coefficient for one in read_records(Coefficient, tmp_path / "coefficients.csv")]
    assert found == pytest.approx([1.040876, 0.734192, 0.805246], abs=1e-6)
    predictions = [one.prediction for one in read_records(Coefficient, tmp_path / "coefficients.csv")]
    assert found == pytest.approx(predictions, rel=1e-4)
    assert (tmp_path / "analytic_deep_prior.png").stat().st_size > 1000


def test_an_unknown_signal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"signals are \['tea'\], expected some of u_7, u_3, smooth"):
        run(tmp_path, signals=("tea",))


def test_a_descent_that_has_converged_moves_no_more() -> None:
    """At a step 20 times that of the paper u_7 is soon where it goes."""
    moved = [errors("u_7", 1e-3, [0], lr, max_iter=100)[0][0].moved for lr in (1.0, 0.05)]
    assert moved[0] < 1e-3
    assert 0.02 < moved[1] < 0.2
