"""Claims about numbers and power laws in any table."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from lit_inverse.intervals import share_difference
from lit_inverse.reproductions.claims.missing import missing
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

_FEWEST = 3  # points of a power law: two have no interval


def value(table: str, column: str, expected: float, tolerance: float, **where: Any) -> Check:
    """The mean of a column over the rows with these values is the expected one up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        rows = tables.where(table, **where)
        if undecided := missing(f"{column} of {table}.csv with {where}", rows, column):
            return undecided
        found = float(np.mean([row[column] for row in rows]))
        holds = abs(found - expected) <= tolerance * abs(expected)
        return Verdict(holds, f"{found:.4g}, expected {expected:.4g} within {tolerance:.1%}")

    return check


Points = Callable[[Tables], tuple[Sequence[float], Sequence[float]]]


def power_law(x: Sequence[float], y: Sequence[float]) -> tuple[float, float] | None:
    """Exponent of y = c x^b by least squares in logarithms, and half the width of its 95 % interval.

    None for fewer than three different x, and where a number is not above 0 or not finite.
    """
    if len(set(x)) < _FEWEST or not all(0 < one < math.inf for one in (*x, *y)):
        return None
    fit = stats.linregress(np.log(x), np.log(y))
    return float(fit.slope), float(stats.t.ppf(0.975, len(x) - 2) * fit.stderr)


def slope(points: Points, lowest: float, highest: float) -> Check:
    """The exponent of a power law through the points lies in [lowest, highest] with its whole 95 % interval.

    Refuted where the interval lies outside, undecided where it does in part.
    """

    def check(tables: Tables) -> Verdict:
        x, y = points(tables)
        if (found := power_law(x, y)) is None:
            return Verdict(None, f"{len(x)} points, expected {_FEWEST} and more, all of them numbers above 0")
        exponent, half = found
        evidence = f"exponent {exponent:.2f} +- {half:.2f} of {len(x)} points, expected {_range(lowest, highest)}"
        low, high = exponent - half, exponent + half
        if lowest <= low and high <= highest:
            return Verdict(True, evidence)
        return Verdict(False if high < lowest or low > highest else None, evidence)

    return check


def _range(lowest: float, highest: float) -> str:
    if math.isinf(lowest):
        return f"at most {highest:g}"
    return f"at least {lowest:g}" if math.isinf(highest) else f"{lowest:g} to {highest:g}"


def means(table: str, x: str, y: Callable[[Row], float], **where: Any) -> Points:
    """Points of a power law: the mean of y over the rows of each x."""

    def points(tables: Tables) -> tuple[Sequence[float], Sequence[float]]:
        groups = sorted(tables.groups(table, [x], **where).items())
        return [key[0] for key, _ in groups], [float(np.mean([y(row) for row in rows])) for _, rows in groups]

    return points


def equal(table: str, column: str, to: str, tolerance: float) -> Check:
    """Two columns agree in every row, up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        rows = tables[table]
        if undecided := missing(f"{table}.csv", rows, column, to):
            return undecided
        if not all(row[to] for row in rows):
            return Verdict(None, f"{to} is 0 in {table}.csv")
        worst = max(abs(row[column] - row[to]) / abs(row[to]) for row in rows)
        return Verdict(worst <= tolerance, f"largest relative difference {worst:.2g} in {len(rows)} cases")

    return check


def nearer_to_1(table: str, name: str, column: str, first: str, second: str) -> Check:
    """The number of the row `first` is nearer to 1 than that of the row `second`."""

    def check(tables: Tables) -> Verdict:
        found = {row[name]: row for row in tables[table] if row[name] in (first, second)}
        if len(found) < 2:
            return Verdict(None, f"{table}.csv has no {first} or no {second}")
        if undecided := missing(f"{table}.csv", list(found.values()), column):
            return undecided
        a, b = found[first][column], found[second][column]
        return Verdict(abs(a - 1) < abs(b - 1), f"{a:.4g} against {b:.4g} of {second}")

    return check


def as_often(
    table: str, column: str, of: str, name: str, first: str, second: str, by: str, margin: float = 0.2, **where: Any
) -> Check:
    """`first` succeeds as often as `second`, or at most by `margin` of the trials less often, for each value of `by`.

    Told by 95 % intervals of the share of first minus that of second, together (Bonferroni). It holds where all lie
    above -margin: to see no difference in few trials is not enough. It is refuted where one lies below -margin, and
    undecided otherwise, and, unless it is refuted, where one of them was not measured. Trials count as independent.
    """

    def check(tables: Tables) -> Verdict:
        found, open_ = {}, list[str]()
        for (at,), rows in sorted(tables.groups(table, [by], **where).items()):
            of_both = [[row for row in rows if row[name] == one] for one in (first, second)]
            if any(missing(table, one, column, of) or not _sum(one, of) for one in of_both):
                open_.append(str(at))
            else:
                a, b = ((_sum(one, column), _sum(one, of)) for one in of_both)
                found[at] = a, b
        differences = {at: share_difference(a, b, level=1 - 0.05 / len(found)) for at, (a, b) in found.items()}
        words = [
            f"{at}: {p} of {n_p} and {q} of {n_q} ({differences[at]})" for at, ((p, n_p), (q, n_q)) in found.items()
        ]
        evidence = f"shares and their difference, margin {margin:g}, {by} "
        evidence += "; ".join([*words, *(f"{at} not measured" for at in open_)])
        if any(one.high < -margin for one in differences.values()):
            return Verdict(False, evidence)
        enough = found and not open_ and all(one.low > -margin for one in differences.values())
        return Verdict(True if enough else None, evidence)

    return check


def _sum(rows: Sequence[Row], column: str) -> int:
    return sum(int(row[column]) for row in rows)
