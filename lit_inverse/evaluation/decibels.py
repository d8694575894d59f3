"""Errors in dB, the measure of data without a range of values, such as sparse vectors."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from lit_inverse.evaluation.grouping import per_image
from lit_inverse.evaluation.results import Row

Floats = npt.NDArray[np.float64]

_LEAST = float(np.finfo(np.float64).eps) ** 2  # NMSE of a rounded x, -313 dB: what is below, also 0, counts as this
_N_RESAMPLES = 1999
_BLOCK = 1 << 22  # counts held at once
_ROUNDING = 1e-12  # relative: values that differ by less are equal


def in_db(ratio: Any) -> Any:
    """10 log10 of a ratio of energies, at least -313; NaN stays."""
    return 10 * np.log10(np.maximum(ratio, _LEAST))


def powers(rows: Iterable[Row]) -> dict[str, float]:
    """||x||^2 / n of each image by its id, from its rows' mse / nmse; those whose errors are all 0 are left out."""
    return {row["image"]: _power(row) for row in rows if row["nmse"] is None or row["nmse"] > 0}


def _power(row: Row) -> float:
    return 0.0 if row["nmse"] is None else float(row["mse"] / row["nmse"])  # null is the NMSE of x = 0


def errors_and_powers(rows: Iterable[Row], known: Mapping[str, float]) -> tuple[Floats, Floats]:
    """||x_hat - x||^2 / n, averaged over the repeats of an image, and ||x||^2 / n; one entry per image.

    Args:
        rows: of one solver at one setting.
        known: `powers` of all rows, for images that this solver finds exactly.
    """
    rows = list(rows)
    known = {**known, **powers(rows)}
    errors = per_image(rows, lambda row: row["mse"] if row["image"] in known else None)
    return np.array([*errors.values()]), np.array([known[image] for image in errors])


def aggregate(errors: Floats, power: Floats) -> tuple[Floats, Floats, Floats]:
    """10 log10(sum_i ||x_hat_i - x_i||^2 / sum_i ||x_i||^2), and its 95 % interval, infinite for fewer than two items.

    Args:
        errors: ||x_hat_i - x_i||^2, (n,) or (n, T).
        power: ||x_i||^2, (n,).
    """
    db = np.asarray(in_db(errors.sum(0) / power.sum()))
    if len(power) < 2:
        return db, np.full_like(db, -np.inf), np.full_like(db, np.inf)
    low, high = (in_db(end).reshape(db.shape) for end in ratio_interval(errors.reshape(len(power), -1), power))
    return db, low, high


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


def _resamples(n: int) -> Iterator[Floats]:
    """How often each of n items is in each of the resamples, in blocks (b, n)."""
    source, most = np.random.default_rng(0), max(1, _BLOCK // n)
    for first in range(0, _N_RESAMPLES, most):
        b = min(most, _N_RESAMPLES - first)
        drawn = source.integers(0, n, (b, n)) + n * np.arange(b)[:, None]
        yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)


def per_image_in_db(rows: Iterable[Row]) -> Floats:
    """10 log10(||x_hat - x||^2 / ||x||^2) of each image, the mean over its repeats; images x = 0 are left out."""
    return np.array([*per_image(rows, lambda row: None if row["nmse"] is None else in_db(row["nmse"])).values()])
