"""Claims about numbers and power laws in any table."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from lit_inverse.reproductions.experiment import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables


def value(table: str, column: str, expected: float, tolerance: float, **where: Any) -> Check:
    """The mean of a column over the rows with these values is the expected one up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        rows = tables.where(table, **where)
        if not rows:
            return Verdict(None, f"no row of {table}.csv has {where}")
        found = float(np.mean([row[column] for row in rows]))
        holds = abs(found - expected) <= tolerance * abs(expected)
        return Verdict(holds, f"{found:.4g}, expected {expected:.4g} within {tolerance:.1%}")

    return check


def smaller(table: str, column: str, than: str, by: Sequence[str], **where: Any) -> Check:
    """The mean of a column is smaller than that of another one in each group of rows that agree in the columns `by`."""

    def check(tables: Tables) -> Verdict:
        groups = _groups(tables.where(table, **where), by)
        if not groups:
            return Verdict(None, f"{table}.csv has no such row")
        means = {
            key: [float(np.mean([row[name] for row in rows])) for name in (column, than)]
            for key, rows in groups.items()
        }
        worse = {key: pair for key, pair in means.items() if not pair[0] < pair[1]}
        evidence = f"in {len(means) - len(worse)} of {len(means)}"
        failing = [f"{', '.join(map(str, key))}: {a:.3g} against {b:.3g}" for key, (a, b) in worse.items()]
        return Verdict(not worse, evidence + (f"; not with {'; '.join(failing)}" if failing else ""))

    return check


def _groups(rows: Sequence[Row], by: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return groups


def power_law(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Exponent of y = c x^b by least squares in logarithms, and half the width of its 95 % interval.

    The latter is infinite for two points.
    """
    a, b = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    if len(a) < 3:
        return float(np.polyfit(a, b, 1)[0]), float("inf")
    fit = stats.linregress(a, b)
    return float(fit.slope), float(stats.t.ppf(0.975, len(a) - 2) * fit.stderr)


Points = Callable[[Tables], tuple[Sequence[float], Sequence[float]]]


def slope(points: Points, lowest: float, highest: float, fewest: int = 2) -> Check:
    """The exponent of a power law through the points lies in [lowest, highest].

    Undecided if it does not, but its 95 % interval does in part.
    """

    def check(tables: Tables) -> Verdict:
        x, y = points(tables)
        if len(x) < fewest:
            return Verdict(None, f"{len(x)} points, expected {fewest} and more")
        exponent, half = power_law(x, y)
        evidence = f"exponent {exponent:.2f} +- {half:.2f} of {len(x)} points, expected {lowest:g} to {highest:g}"
        if lowest <= exponent <= highest:
            return Verdict(True, evidence)
        reaches = exponent - half <= highest and exponent + half >= lowest
        return Verdict(None if reaches else False, evidence)

    return check


def means(table: str, x: str, y: Callable[[Row], float], **where: Any) -> Points:
    """Points of a power law: the mean of y over the rows of each x."""

    def points(tables: Tables) -> tuple[Sequence[float], Sequence[float]]:
        groups = sorted(_groups(tables.where(table, **where), [x]).items())
        return [key[0] for key, _ in groups], [float(np.mean([y(row) for row in rows])) for _, rows in groups]

    return points


def equal(table: str, column: str, to: str, tolerance: float) -> Check:
    """Two columns agree in every row, up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        rows = tables[table]
        if not rows:
            return Verdict(None, f"{table}.csv is empty")
        worst = max(abs(row[column] - row[to]) / abs(row[to]) for row in rows)
        return Verdict(worst <= tolerance, f"largest relative difference {worst:.2g} in {len(rows)} cases")

    return check


def nearer_to_1(table: str, name: str, column: str, first: str, second: str) -> Check:
    """The number of the row `first` is nearer to 1 than that of the row `second`."""

    def check(tables: Tables) -> Verdict:
        found = {row[name]: row[column] for row in tables[table]}
        if not {first, second} <= found.keys():
            return Verdict(None, f"{table}.csv has no {first} or no {second}")
        a, b = found[first], found[second]
        return Verdict(abs(a - 1) < abs(b - 1), f"{a:.4g} against {b:.4g} of {second}")

    return check


def smaller_group(
    table: str, y: Callable[[Row], float], name: str, first: str, second: str, by: str, **where: Any
) -> Check:
    """The mean of y over the rows of `first` is smaller than over those of `second`, for each value of `by`."""

    def check(tables: Tables) -> Verdict:
        found = {one: means(table, by, y, **{name: one, **where})(tables) for one in (first, second)}
        a, b = (dict(zip(*points, strict=True)) for points in found.values())
        common = sorted(a.keys() & b.keys())
        if not common:
            return Verdict(None, f"{table}.csv has not both of {first} and {second}")
        worse = [f"{by} = {at}: {a[at]:.3g} against {b[at]:.3g}" for at in common if not a[at] < b[at]]
        evidence = f"for {len(common) - len(worse)} of {len(common)} values of {by}"
        return Verdict(not worse, evidence + (f"; not for {'; '.join(worse)}" if worse else ""))

    return check


def as_often(table: str, column: str, of: str, name: str, first: str, second: str, **where: Any) -> Check:
    """Shares of successes do not differ beyond chance: two-sided exact test of Fisher, 5 %."""

    def check(tables: Tables) -> Verdict:
        counts = []
        for one in (first, second):
            rows = tables.where(table, **{name: one, **where})
            counts.append((sum(row[column] for row in rows), sum(row[of] for row in rows)))
        if not all(total for _, total in counts):
            return Verdict(None, f"{table}.csv has not both of {first} and {second}")
        p = float(stats.fisher_exact(np.array([[yes, total - yes] for yes, total in counts]))[1])
        (a, n_a), (b, n_b) = counts
        return Verdict(p >= 0.05, f"{a} of {n_a} and {b} of {n_b}, p = {p:.2g}")

    return check
