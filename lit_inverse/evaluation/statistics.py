"""What the results of a sweep say, with confidence intervals."""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from lit_inverse.evaluation.results import Row
from lit_inverse.solvers import Status


@dataclass(frozen=True)
class Summary:
    """One solver at one setting. Repeats of an image are averaged first: n counts images, intervals are over images."""

    solver: str
    label: str
    m: int
    noise_level: float
    n: int
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


def t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Two-sided t-interval of the mean of independent values; infinite for fewer than two."""
    if len(values) < 2:
        return -np.inf, np.inf
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    mean = float(np.mean(values))
    return mean - float(half), mean + float(half)


def summarise(rows: Iterable[Row]) -> list[Summary]:
    """One Summary per solver and setting, in the order the rows first name them, by m within a solver."""
    groups: dict[tuple[str, int, float], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["solver"], row["m"], row["noise_level"]].append(row)
    order = {solver: place for place, solver in enumerate(dict.fromkeys(key[0] for key in groups))}
    ordered = sorted(groups.items(), key=lambda group: (order[group[0][0]], group[0][2], group[0][1]))
    return [_summary(key, group) for key, group in ordered]


def _summary(key: tuple[str, int, float], rows: list[Row]) -> Summary:
    mse = _per_image(rows, "mse")
    low, high = t_interval(mse)
    return Summary(
        solver=key[0],
        label=rows[0]["label"],
        m=key[1],
        noise_level=key[2],
        n=len(mse),
        mse_mean=float(np.mean(mse)),
        mse_low=low,
        mse_high=high,
        mse_median=float(np.median(mse)),
        mse_q1=float(np.quantile(mse, 0.25)),
        mse_q3=float(np.quantile(mse, 0.75)),
        psnr_mean=_mean(_per_image(rows, "psnr")),
        ssim_mean=_mean(_per_image(rows, "ssim")),
        diverged=sum(row["status"] == Status.DIVERGED for row in rows),
        stopped_early=sum(row["status"] == Status.STOPPED_EARLY for row in rows),
        seconds_mean=float(np.mean([row["seconds"] for row in rows])),
    )


def _per_image(rows: list[Row], name: str) -> list[float]:
    values: Mapping[str, list[float]] = defaultdict(list)
    for row in rows:
        if row[name] is not None:
            values[row["image"]].append(row[name])
    return [float(np.mean(of_image)) for of_image in values.values()]


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def write_csv(records: Sequence[Any], path: Path, leave_out: Collection[str] = ()) -> None:
    """Writes dataclasses of one kind as a table with a column per field."""
    with path.open("w", newline="") as file:
        columns = [field.name for field in fields(records[0]) if field.name not in leave_out] if records else []
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(asdict(record) for record in records)
