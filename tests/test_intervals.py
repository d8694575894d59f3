"""Intervals of confidence against scipy, by how often they cover, and against a published table."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from lit_inverse.intervals import (
    bootstrap_interval,
    mean_interval,
    ratio_interval,
    share_difference,
    t_interval,
    wilson_interval,
)


@pytest.mark.parametrize("n", [2, 5, 40])
def test_t_interval_is_scipys(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(t_interval(list(values)), expected, rtol=1e-12)


def test_one_value_has_no_interval() -> None:
    assert t_interval([1.0]) == (-np.inf, np.inf)


def test_intervals_cover_the_mean_as_often_as_they_claim() -> None:
    draws = np.random.default_rng(0).normal(3.0, 2.0, size=(2000, 10))
    covered = [low <= 3.0 <= high for low, high in map(t_interval, draws.tolist())]
    assert 0.93 < np.mean(covered) < 0.97


@pytest.mark.parametrize("n", [1, 7, 100])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_wilson_interval_is_scipys(n: int, share: float) -> None:
    successes = round(share * n)
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes / n, n) == pytest.approx((expected.low, expected.high), abs=1e-10)


def test_intervals_of_the_aggregate_cover_it_nearly_as_often_as_they_claim() -> None:
    covered = []
    for draw in range(200):
        source = np.random.default_rng(draw)
        power = source.gamma(4.0, size=60)
        low, high = ratio_interval((power * source.gamma(2.0, size=60))[:, None], power)
        covered.append(low[0] <= 2.0 <= high[0])
    assert 0.88 < np.mean(covered) < 0.99


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_interval_of_two_shares_is_the_published_one(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, Table II, method 10."""
    assert share_difference(first, second)[1:] == pytest.approx((low, high), abs=1e-4)


def test_the_bootstrap_interval_is_repeatable_and_scipys() -> None:
    values = np.random.default_rng(0).gamma(1.0, size=30)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=9999, vectorized=False, rng=np.random.default_rng(0)
    ).confidence_interval
    assert (
        bootstrap_interval(values)
        == bootstrap_interval(values)
        == pytest.approx((expected.low, expected.high), rel=0.02)
    )
    assert bootstrap_interval(np.full(5, 0.1)) == pytest.approx((0.1, 0.1))


def test_the_order_of_values_does_not_move_an_interval() -> None:
    """Processes end in any order, and an interval that ends near 0 must not turn a verdict with it."""
    values = np.random.default_rng(0).gamma(0.5, size=12)
    assert bootstrap_interval(values) == bootstrap_interval(values[::-1])


@pytest.mark.parametrize(("n", "interval"), [(9, t_interval), (10, bootstrap_interval)])
def test_a_few_values_have_a_t_interval(n: int, interval: Callable[..., tuple[float, float]]) -> None:
    values = np.random.default_rng(0).normal(size=n)
    assert mean_interval([*values]) == interval(values)
