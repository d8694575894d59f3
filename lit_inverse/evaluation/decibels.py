"""Errors in dB, the measure of data without a range of values, such as sparse vectors."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lit_inverse.evaluation.grouping import per_image
from lit_inverse.evaluation.results import Row
from lit_inverse.intervals import ratio_interval

Floats = npt.NDArray[np.float64]

_LEAST = float(np.finfo(np.float64).eps) ** 2  # NMSE of a rounded x, -313 dB: what is below, also 0, counts as this


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


def per_image_in_db(rows: Iterable[Row]) -> Floats:
    """10 log10(||x_hat - x||^2 / ||x||^2) of each image, the mean over its repeats; images x = 0 are left out."""
    return np.array([*per_image(rows, lambda row: None if row["nmse"] is None else in_db(row["nmse"])).values()])
