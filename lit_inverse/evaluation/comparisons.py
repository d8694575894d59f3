"""Which solver is better, on the same images and measurements."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from lit_inverse.evaluation.grouping import Setting, in_order, mean_m, per_item, setting_of
from lit_inverse.evaluation.results import Row
from lit_inverse.evaluation.statistics import Summary
from lit_inverse.intervals import mean_interval

_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """Mean squared errors of two solvers at one setting, on the same images and measurements.

    Repeats are averaged, and slices of a volume, which counts as one image.

    Attributes:
        n: number of images both solved.
        difference: mean of first minus second; negative when the first is better.
        low: lower end of its 95 % interval over images: the bootstrap's (bias-corrected and accelerated), of fewer than
            10 images the t-interval.
        high: upper end.
        difference_db: mean of 10 log10(mse of first / mse of second); negative when the first is better. All images
            weigh alike in it, whereas hard ones rule `difference`. None where an error is 0 or not finite.
        db_low: lower end of its 95 % interval, found as `low` is.
        db_high: upper end.
        p: two-sided Wilcoxon signed-rank test that the differences are symmetric about 0.
        p_holm: p corrected for the number of comparisons of the sweep (Holm 1979).
        wins: share of the images on which the first is better; ties count half.
        rank_correlation: sum of signed ranks over the sum of ranks, in [-1, 1]; negative when the first is better
            (matched-pairs rank-biserial correlation, Kerby 2014).
        differences: one per image.
    """

    first: str
    second: str
    m: int
    setting: Setting
    noise_level: float
    n: int
    difference: float
    low: float
    high: float
    difference_db: float | None
    db_low: float | None
    db_high: float | None
    p: float
    p_holm: float
    wins: float
    rank_correlation: float
    differences: tuple[float, ...]

    @property
    def better(self) -> str | None:
        """The solver that is better beyond chance, if any: corrected p < 0.05, and mean and ranks agree on which."""
        if self.p_holm >= _SIGNIFICANT or self.difference * self.rank_correlation <= 0:
            return None
        return self.first if self.difference < 0 else self.second


@dataclass(frozen=True)
class Winner:
    """The solver of least mean error at one setting.

    Attributes:
        beaten: solvers it is better than beyond chance.
        undecided: solvers of which that cannot be said.
    """

    m: int
    setting: Setting
    noise_level: float
    solver: str
    beaten: tuple[str, ...]
    undecided: tuple[str, ...]


def compare(rows: Iterable[Row]) -> list[Comparison]:
    """All pairs of solvers at all settings with at least 2 common images, Holm-corrected over all of them."""
    places: dict[tuple[Setting, float], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        places[setting_of(row), row["noise_level"]][row["solver"]].append(row)
    # one order for all settings, whatever that of the rows: the same solver is always the first of a pair
    solvers = dict.fromkeys(solver for of_solver in places.values() for solver in of_solver)
    settings = in_order(setting for setting, _ in places)
    found = []
    for setting, level in sorted(places, key=lambda place: settings.index(place[0])):
        of_solver = places[setting, level]
        for first, second in itertools.combinations([solver for solver in solvers if solver in of_solver], 2):
            if one := _comparison(setting, of_solver[first], of_solver[second]):
                found.append(one)
    corrected = holm([comparison.p for comparison in found])
    return [replace(comparison, p_holm=p) for comparison, p in zip(found, corrected, strict=True)]


def _comparison(setting: Setting, rows: Sequence[Row], others: Sequence[Row]) -> Comparison | None:
    """Of two solvers' rows at one setting, if they have at least 2 images in common."""
    errors = {(row["image"], row.get("repeat", 0)): row["mse"] for row in others}
    both = [row | {"other": errors[of]} for row in rows if (of := (row["image"], row.get("repeat", 0))) in errors]
    differences = np.array([*per_item(both, lambda row: row["mse"] - row["other"]).values()])
    if len(differences) < 2:
        return None
    low, high = mean_interval(differences)
    in_db = np.array([*per_item(both, lambda row: _ratio_in_db(row["mse"], row["other"])).values()])
    low_db, high_db = mean_interval(in_db) if np.isfinite(in_db).all() else (None, None)
    p = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
    return Comparison(
        first=rows[0]["solver"],
        second=others[0]["solver"],
        m=mean_m(both),
        setting=setting,
        noise_level=rows[0]["noise_level"],
        n=len(differences),
        difference=float(differences.mean()),
        low=low,
        high=high,
        difference_db=None if low_db is None else float(in_db.mean()),
        db_low=low_db,
        db_high=high_db,
        p=p,
        p_holm=p,
        wins=float(np.mean((differences < 0) + 0.5 * (differences == 0))),
        rank_correlation=rank_correlation(differences),
        differences=tuple(differences.tolist()),
    )


def _ratio_in_db(error: float, other: float) -> float:
    """NaN where one of them is 0 or not finite."""
    if not (0 < error < math.inf and 0 < other < math.inf):
        return math.nan
    return 10 * (math.log10(error) - math.log10(other))


def rank_correlation(differences: npt.NDArray[np.float64]) -> float:
    """Sum of signed ranks of the differences that are not 0, over the sum of their ranks; 0 when all are 0."""
    others = differences[differences != 0]
    ranks = stats.rankdata(np.abs(others))
    return float(np.sum(np.sign(others) * ranks) / np.sum(ranks)) if len(others) else 0.0


def winners(summaries: Iterable[Summary], comparisons: Iterable[Comparison]) -> list[Winner]:
    """Who wins where: one Winner per setting."""
    groups: dict[tuple[Setting, float], list[Summary]] = defaultdict(list)
    for summary in summaries:
        groups[summary.setting, summary.noise_level].append(summary)
    better = {
        (c.setting, c.noise_level, frozenset((c.first, c.second))): c.better
        for c in comparisons
        if c.better is not None
    }
    return [_winner(group, better) for group in groups.values()]


def _winner(group: Sequence[Summary], better: Mapping[tuple[Setting, float, frozenset[str]], str]) -> Winner:
    # a mean over fewer images, where some failed, may be over the easy ones
    most = max(summary.images for summary in group)
    best = min((summary for summary in group if summary.images == most), key=lambda summary: summary.mse_mean)
    others = [summary.solver for summary in group if summary is not best]
    at = best.setting, best.noise_level
    beaten = [other for other in others if better.get((*at, frozenset((best.solver, other)))) == best.solver]
    undecided = [other for other in others if other not in beaten]
    return Winner(best.m, *at, best.solver, tuple(beaten), tuple(undecided))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of Holm's step-down procedure (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = largest
    return adjusted
