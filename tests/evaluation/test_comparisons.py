"""Paired comparisons against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from lit_inverse.evaluation.comparisons import bootstrap_interval, compare, holm


def rows_of(solver: str, errors: np.ndarray, m: int = 50) -> list[dict[str, object]]:
    return [
        {"solver": solver, "m": m, "noise_level": 0.0, "image": str(i), "mse": float(error)}
        for i, error in enumerate(errors)
    ]


A, B = np.random.default_rng(0).gamma(2.0, size=(2, 25))


def test_a_comparison_is_scipys_on_the_differences() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", B))
    assert found.difference == pytest.approx((A - B).mean(), rel=1e-12)
    assert found.p == pytest.approx(stats.wilcoxon(A, B).pvalue, rel=1e-10)
    expected = stats.bootstrap(
        (A, B), lambda a, b, axis: np.mean(a - b, axis), paired=True, vectorized=True, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.03)
    assert found.wins == np.mean(A < B)
    assert (found.first, found.second, found.n) == ("a", "b", 25)


def test_images_only_one_solver_has_are_left_out() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", B[:10]))
    assert found.n == 10
    assert found.difference == pytest.approx((A - B)[:10].mean())


def test_repeats_are_averaged_per_image() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("a", A + 2) + rows_of("b", B))
    assert found.n == 25
    assert found.difference == pytest.approx((A + 1 - B).mean())


def test_p_values_are_corrected_over_all_comparisons_of_the_sweep() -> None:
    found = compare([row for m in (50, 100) for s, e in (("a", A), ("b", B), ("c", A + B)) for row in rows_of(s, e, m)])
    assert len(found) == 6
    assert [c.p_holm for c in found] == holm([c.p for c in found])


@pytest.mark.parametrize(
    ("p", "expected"),
    [([], []), ([0.03], [0.03]), ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.9], [1.0, 1.0])],
)
def test_holm_by_hand(p: list[float], expected: list[float]) -> None:
    assert holm(p) == pytest.approx(expected)


def test_equal_solvers_are_not_different() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", A))
    assert (found.difference, found.low, found.high, found.p, found.wins) == (0.0, 0.0, 0.0, 1.0, 0.5)


def test_bootstrap_interval_is_repeatable() -> None:
    assert bootstrap_interval(A) == bootstrap_interval(A)
