"""What the results of a sweep say, with confidence intervals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import itemgetter

import numpy as np

from lit_inverse.evaluation.decibels import aggregate, errors_and_powers, per_image_in_db, powers
from lit_inverse.evaluation.grouping import Setting, by_setting, has_no_range, mean_m, per_item
from lit_inverse.evaluation.results import Row
from lit_inverse.intervals import t_interval
from lit_inverse.solvers import Status


@dataclass(frozen=True)
class Summary:
    """One solver at one setting. Repeats of an image are averaged first: n counts images, intervals are over images.

    Of volumes their slices are averaged too: each volume counts as one image.

    The entries in dB are there for data without a range of values (vectors), and None for others.

    Attributes:
        m: entries of y; their mean where images differ in it.
        setting: value of the operator's varied argument, m itself by default.
        images: number of images and slices.
        cases: number of cases: repeats and slices are counted one by one.
        mse_low: lower end of the 95 % t-interval of the mean; minus infinity for one image.
        mse_q1: first quartile, by linear interpolation between order statistics, as the median and the third.
        psnr_mean: over the images that have one: exact reconstructions, of infinite PSNR, are left out.
        diverged: number of cases that did.
        stopped_early: likewise.
        seconds_mean: solver time of a case.
        nmse_db: aggregate NMSE, 10 log10(sum_i ||x_hat_i - x_i||^2 / sum_i ||x_i||^2); dominated by large errors.
        nmse_db_low: lower end of its 95 % bootstrap interval over images (BCa).
        nmse_db_mean: mean over images of 10 log10(||x_hat_i - x_i||^2 / ||x_i||^2), of which none counts below -313.
        nmse_db_mean_low: lower end of its 95 % t-interval.
        nmse_db_p95: 95th percentile over images of the same, by linear interpolation between order statistics.
        nmse_db_worst: the largest of the same.
    """

    solver: str
    label: str
    m: int
    setting: Setting
    noise_level: float
    n: int
    images: int
    cases: int
    mse_mean: float
    mse_low: float
    mse_high: float
    mse_median: float
    mse_q1: float
    mse_q3: float
    psnr_mean: float | None
    ssim_mean: float | None
    diverged: int
    stopped_early: int
    seconds_mean: float
    nmse_db: float | None = None
    nmse_db_low: float | None = None
    nmse_db_high: float | None = None
    nmse_db_mean: float | None = None
    nmse_db_mean_low: float | None = None
    nmse_db_mean_high: float | None = None
    nmse_db_p95: float | None = None
    nmse_db_worst: float | None = None


DECIBELS = [field.name for field in fields(Summary) if field.name.startswith("nmse_db")]


def summarise(rows: Iterable[Row]) -> list[Summary]:
    """One Summary per solver and setting, in the order of `by_setting`."""
    rows = list(rows)
    known = powers(row for row in rows if has_no_range(row))
    return [_summary(setting, group, known) for setting, group in by_setting(rows)]


def _summary(setting: Setting, rows: list[Row], known: Mapping[str, float]) -> Summary:
    mse = [*per_item(rows, itemgetter("mse")).values()]
    low, high = t_interval(mse)
    return Summary(
        solver=rows[0]["solver"],
        label=rows[0]["label"],
        m=mean_m(rows),
        setting=setting,
        noise_level=rows[0]["noise_level"],
        n=len(mse),
        images=len({row["image"] for row in rows}),
        cases=len(rows),
        mse_mean=float(np.mean(mse)),
        mse_low=low,
        mse_high=high,
        mse_median=float(np.median(mse)),
        mse_q1=float(np.quantile(mse, 0.25)),
        mse_q3=float(np.quantile(mse, 0.75)),
        psnr_mean=_mean_of(rows, "psnr"),
        ssim_mean=_mean_of(rows, "ssim"),
        diverged=sum(row["status"] == Status.DIVERGED for row in rows),
        stopped_early=sum(row["status"] == Status.STOPPED_EARLY for row in rows),
        seconds_mean=float(np.mean([row["seconds"] for row in rows])),
        **(_in_db(rows, known) if has_no_range(rows[0]) else {}),
    )


def _in_db(rows: list[Row], known: Mapping[str, float]) -> dict[str, float]:
    """The entries of a Summary that are in dB; none where all x are 0."""
    errors, power = errors_and_powers(rows, known)
    if not power.sum() > 0:
        return {}
    ratio, low, high = aggregate(errors, power)
    each = per_image_in_db(rows)
    mean_low, mean_high = t_interval(each.tolist())
    return {
        "nmse_db": float(ratio),
        "nmse_db_low": float(low),
        "nmse_db_high": float(high),
        "nmse_db_mean": float(each.mean()),
        "nmse_db_mean_low": mean_low,
        "nmse_db_mean_high": mean_high,
        "nmse_db_p95": float(np.quantile(each, 0.95)),
        "nmse_db_worst": float(each.max()),
    }


def _mean_of(rows: list[Row], name: str) -> float | None:
    values = [*per_item(rows, itemgetter(name)).values()]
    return float(np.mean(values)) if values else None
