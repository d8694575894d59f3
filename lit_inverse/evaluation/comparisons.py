"""Which solver is better, on the same images and measurements."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from lit_inverse.evaluation.results import Row

_N_RESAMPLES = 9999
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """Mean squared errors of two solvers at one setting, paired by image (repeats averaged first).

    Attributes:
        n: number of images both solved.
        difference: mean of first minus second; negative when the first is better.
        low: lower end of its 95 % bootstrap interval (bias-corrected and accelerated, over images).
        high: upper end.
        p: two-sided Wilcoxon signed-rank test that the differences are symmetric about 0.
        p_holm: p corrected for the number of comparisons of the sweep (Holm 1979).
        wins: share of the images on which the first is better; ties count half.
        differences: one per image.
    """

    first: str
    second: str
    m: int
    noise_level: float
    n: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    wins: float
    differences: tuple[float, ...]

    @property
    def better(self) -> str | None:
        """The solver that is better beyond chance (corrected p < 0.05), if any."""
        if self.p_holm >= _SIGNIFICANT:
            return None
        return self.first if self.difference < 0 else self.second


def compare(rows: Iterable[Row]) -> list[Comparison]:
    """All pairs of solvers at all settings with at least 2 common images, Holm-corrected over all of them."""
    errors: dict[tuple[int, float], dict[str, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row in rows:
        errors[row["m"], row["noise_level"]][row["solver"]][row["image"]].append(row["mse"])
    found = []
    for (m, level), of_solver in sorted(errors.items()):
        for first, second in itertools.combinations(of_solver, 2):
            images = [image for image in of_solver[first] if image in of_solver[second]]
            if len(images) > 1:
                pairs = [(np.mean(of_solver[first][image]), np.mean(of_solver[second][image])) for image in images]
                found.append(_comparison(first, second, m, level, np.array([a - b for a, b in pairs])))
    corrected = holm([comparison.p for comparison in found])
    return [replace(comparison, p_holm=p) for comparison, p in zip(found, corrected, strict=True)]


def _comparison(first: str, second: str, m: int, level: float, differences: npt.NDArray[np.float64]) -> Comparison:
    low, high = bootstrap_interval(differences)
    p = 1.0 if not differences.any() else float(stats.wilcoxon(differences).pvalue)
    wins = float(np.mean((differences < 0) + 0.5 * (differences == 0)))
    mean, each = float(differences.mean()), tuple(differences.tolist())
    return Comparison(first, second, m, level, len(differences), mean, low, high, p, p, wins, each)


def bootstrap_interval(values: npt.NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """BCa bootstrap interval of the mean (Efron 1987), from a fixed seed; the value itself where all are equal."""
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    result = stats.bootstrap(
        (values,), np.mean, confidence_level=level, n_resamples=_N_RESAMPLES, rng=np.random.default_rng(0)
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of Holm's step-down procedure (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = largest
    return adjusted
