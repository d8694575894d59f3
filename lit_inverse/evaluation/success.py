"""How often a solver succeeds: the phase transition of a sweep over m, or over another argument of the operator."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lit_inverse.evaluation.grouping import Setting, by_setting, mean_m, per_item
from lit_inverse.evaluation.results import Row
from lit_inverse.intervals import wilson_interval


@dataclass(frozen=True)
class SuccessRate:
    """Share of the images on which one solver reached the stated error at one setting.

    Attributes:
        threshold: a case succeeds when ||x_hat - x||^2 / ||x||^2 is at most this.
        n: number of images, of which a volume is one: repeats, and slices of a volume, are averaged first.
        rate: mean over images of the share of successful repeats and slices.
        low: lower end of its 95 % Wilson interval over images.
        high: upper end.
    """

    solver: str
    label: str
    m: int
    setting: Setting
    noise_level: float
    threshold: float
    n: int
    rate: float
    low: float
    high: float


def success_rates(rows: Iterable[Row], threshold: float) -> list[SuccessRate]:
    """One rate per solver and setting, in the order of `by_setting`."""
    return [_success_rate(setting, group, threshold) for setting, group in by_setting(rows)]


def _success_rate(setting: Setting, rows: list[Row], threshold: float) -> SuccessRate:
    reached = per_item(rows, lambda row: float(row["nmse"] is not None and row["nmse"] <= threshold))
    n, rate, first = len(reached), float(np.mean([*reached.values()])), rows[0]
    at = mean_m(rows), setting, first["noise_level"]
    return SuccessRate(first["solver"], first["label"], *at, threshold, n, rate, *wilson_interval(rate, n))
