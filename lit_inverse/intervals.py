"""Intervals of confidence, of level 95 % unless told otherwise."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

_MEAN_RESAMPLES, _RATIO_RESAMPLES = 9999, 1999
_BLOCK = 1 << 22  # counts held at once
_FEW = 10  # values: the bootstrap's intervals of fewer are too short; of 2 every second one misses the mean
_ROUNDING = 1e-12  # relative: values that differ by less are equal


def t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Two-sided t-interval of the mean of independent values; infinite for fewer than two."""
    if len(values) < 2:
        return -np.inf, np.inf
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    mean = float(np.mean(values))
    return mean - float(half), mean + float(half)


def mean_interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    """95 % interval of the mean of independent values: by t of fewer than ten, by the BCa bootstrap of others."""
    array = np.asarray(values, dtype=np.float64)
    return t_interval(array.tolist()) if len(array) < _FEW else bootstrap_interval(array)


def bootstrap_interval(values: Floats, level: float = 0.95) -> tuple[float, float]:
    """BCa bootstrap interval of the mean (Efron 1987), from a fixed seed; the mean itself where all are equal.

    Whatever the order of the values: several processes end in any.
    """
    values = np.sort(values)
    if np.ptp(values) <= _ROUNDING * np.abs(values).max():
        return float(values.mean()), float(values.mean())
    result = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=level,
        n_resamples=_MEAN_RESAMPLES,
        batch=max(1, 10**6 // len(values)),  # resamples at a time, to bound the memory
        rng=np.random.default_rng(0),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def ratio_interval(errors: Floats, power: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """BCa bootstrap interval (Efron 1987) of sum_i errors_it / sum_i power_i over items i, from a fixed seed.

    Items are drawn with both of their energies, and all columns with the same items. The ratio itself where all
    resamples agree, or there is nothing to resample. Both ends are (T,).

    Args:
        errors: (n, T).
        power: (n,), with a positive sum.
    """
    ratio = errors.sum(0) / power.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.concatenate([counts @ errors / (counts @ power)[:, None] for counts in _resamples(len(power))])
        left_out = (errors.sum(0) - errors) / (power.sum() - power)[:, None]
        deviation = left_out.mean(0) - left_out
        skew = (deviation**3).sum(0) / (6 * (deviation**2).sum(0) ** 1.5)
        below, not_above = drawn < (1 - _ROUNDING) * ratio, drawn <= (1 + _ROUNDING) * ratio  # equal ones count half
        bias = stats.norm.ppf((below.mean(0) + not_above.mean(0)) / 2)
        z = bias + stats.norm.ppf([[(1 - level) / 2], [(1 + level) / 2]])
        shares = stats.norm.cdf(bias + z / (1 - skew * z))
    equal = ~(np.ptp(drawn, 0) > _ROUNDING * np.abs(ratio)) | ~np.isfinite(shares).all(0)
    ends = [[*np.quantile(drawn[:, t], shares[:, t])] if not equal[t] else [ratio[t]] * 2 for t in range(len(ratio))]
    low, high = np.array(ends).T
    return low, high


def wilson_interval(rate: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927).

    For the mean of n independent values in [0, 1] it is conservative: none varies more than rate (1 - rate).
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    centre = rate + z**2 / (2 * n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    low, high = (float((centre + side * half) / (1 + z**2 / n)) for side in (-1, 1))
    return 0.0 if rate == 0 else low, 1.0 if rate == 1 else high


class ShareDifference(NamedTuple):
    """Of two shares, with its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.2f}, {self.low:+.2f} to {self.high:+.2f}"


def share_difference(first: tuple[int, int], second: tuple[int, int], level: float = 0.95) -> ShareDifference:
    """Of two independent shares, each of (successes, trials): hybrid score interval (Newcombe 1998, method 10)."""
    p, q = (successes / trials for successes, trials in (first, second))
    (low_p, high_p), (low_q, high_q) = (wilson_interval(p, first[1], level), wilson_interval(q, second[1], level))
    return ShareDifference(p - q, p - q - math.hypot(p - low_p, high_q - q), p - q + math.hypot(high_p - p, q - low_q))


def _resamples(n: int) -> Iterator[Floats]:
    """How often each of n items is in each of the resamples, in blocks (b, n)."""
    source, most = np.random.default_rng(0), max(1, _BLOCK // n)
    for first in range(0, _RATIO_RESAMPLES, most):
        b = min(most, _RATIO_RESAMPLES - first)
        drawn = source.integers(0, n, (b, n)) + n * np.arange(b)[:, None]
        yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)
