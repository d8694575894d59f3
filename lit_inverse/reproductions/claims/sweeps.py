"""Claims about solvers of a sweep, from summary.csv and the paired differences in comparisons.csv."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from lit_inverse.intervals import wilson_interval
from lit_inverse.reproductions.claims.missing import missing, number
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

Place = tuple[Any, float]  # setting and noise level

_IN_DB = "difference_db", "db_low", "db_high"
OF_MSE = "difference", "low", "high"


@dataclass(frozen=True)
class Difference:
    """A solver's error less another one's on the same n items, their mean with its 95 % interval.

    In dB, or of mean squared errors; NaN where the table does not have it.

    Attributes:
        mse: difference of the mean squared errors themselves, which papers plot.
    """

    other: str
    place: Place
    n: int
    mean: float
    low: float
    high: float
    mse: float

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return f"{_at(self.other, self.place)}: no difference in dB (n = {self.n})"
        interval = f"{self.low:+.3g} to {self.high:+.3g}, n = {self.n}"
        beyond = self.high < 0 or self.low > 0
        but = f", but {self.mse:+.3g} in mean squared error" if beyond and not self.mean * self.mse > 0 else ""
        return f"{_at(self.other, self.place)}: {self.mean:+.3g} dB ({interval}){but}"

    def within(self, comparisons: int) -> tuple[float, float]:
        """The interval corrected for this number of comparisons (Bonferroni).

        It is widened about the mean by the ratio of Student's quantiles, which is exact for t-intervals and
        approximate for those of the bootstrap.
        """
        wide = stats.t.ppf(1 - 0.025 / comparisons, self.n - 1) / stats.t.ppf(0.975, self.n - 1)
        return self.mean + wide * (self.low - self.mean), self.mean + wide * (self.high - self.mean)

    def side(self, comparisons: int = 1) -> int:
        """-1 where the solver is ahead, 1 where it is behind, 0 where that is open.

        Ahead is where the interval in dB lies below 0 and the mean squared error is the smaller one, behind where both
        are above.
        """
        low, high = self.within(comparisons)
        return -1 if high < 0 and self.mse < 0 else 1 if low > 0 and self.mse > 0 else 0


def _at(solver: str, place: Place) -> str:
    setting, level = place
    return f"{solver} at {setting}" + (f", noise {level:.3g}" if level and math.isfinite(level) else "")


def place_of(row: Row) -> Place:
    """Where a row was measured."""
    return row["setting"], row["noise_level"]


def _ratio(tables: Tables, row: Row) -> float:
    """m / n; NaN where the record does not say n."""
    return number(row["m"]) / number(tables.record.get("unknowns"))


def _within(tables: Tables, name: str, above: float, below: float) -> list[Row]:
    """Rows at settings with above <= m / n <= below."""
    everywhere = (above, below) == (0, math.inf)
    return [row for row in tables[name] if everywhere or above <= _ratio(tables, row) <= below]


def differences(
    tables: Tables,
    solver: str,
    others: Iterable[str],
    above: float = 0.0,
    below: float = math.inf,
    columns: tuple[str, str, str] = _IN_DB,
) -> list[Difference]:
    """Those at settings with above <= m / n <= below; negative where the solver is better."""
    found = []
    for row in _within(tables, "comparisons", above, below):
        mean, low, high, mse = (number(row.get(name)) for name in (*columns, "difference"))
        if row["first"] == solver and row["second"] in others:
            found.append(Difference(row["second"], place_of(row), row["n"], mean, low, high, mse))
        elif row["second"] == solver and row["first"] in others:
            found.append(Difference(row["first"], place_of(row), row["n"], -mean, -high, -low, -mse))
    return found


def _missing(
    tables: Tables, found: Iterable[Difference], others: Sequence[str], above: float, below: float
) -> list[str]:
    """What was run, but not compared."""
    rows = [row for name in ("summary", "comparisons") for row in _within(tables, name, above, below)]
    there = {(one.other, one.place) for one in found}
    wanted = [(other, place) for place in dict.fromkeys(map(place_of, rows)) for other in others]
    return [_at(*pair) for pair in wanted if pair not in there]


def ahead(solver: str, *others: str, above: float = 0.0, below: float = math.inf, share: float = 1.0) -> Check:
    """Ahead of the others in at least this share of the pairs of setting and other solver.

    Ahead is better in dB beyond the interval and of a smaller mean squared error too, as `Difference.side` tells.
    The settings are those with above <= m / n <= below. Of K pairs, of which the share asks for r, it holds where r are
    ahead in intervals corrected for K - r + 1 comparisons, and is refuted where K - r + 1 are behind in intervals
    corrected for r (partial conjunctions, Benjamini and Heller 2008). To be ahead everywhere needs no correction, since
    every interval must say so; to be behind in one of K is corrected for K. Undecided otherwise, and, unless it is
    refuted, where a comparison is missing or is of a table made before there were dB.
    """

    def check(tables: Tables) -> Verdict:
        found = differences(tables, solver, others, above, below)
        lost = _missing(tables, found, others, above, below)
        if not (total := len(found) + len(lost)):
            return Verdict(None, f"{solver} was not compared with {', '.join(others)} there")
        least = max(1, math.ceil(share * total - 1e-9))  # share * total may be rounded up
        better = [one for one in found if one.side(total - least + 1) < 0]
        worse = [one for one in found if one.side(least) > 0]
        evidence = f"ahead in {len(better)} of {total} cases"
        evidence += f", behind in {len(worse)}, {_listed(worse)}" if worse else ""
        if len(worse) > total - least:
            return Verdict(False, evidence)
        if lost or len(better) < least:
            return Verdict(None, evidence + _open([one for one in found if one not in (*better, *worse)], lost))
        return Verdict(True, f"{evidence}, closest {max(better, key=lambda one: one.mean)}")

    return check


def ahead_in_most(solver: str, *others: str, share: float) -> Check:
    """`ahead` in at least this share of the pairs of setting and other solver, at all settings."""
    return ahead(solver, *others, share=share)


def _open(found: Sequence[Difference], lost: Sequence[str]) -> str:
    corrected = ", corrected for the number of comparisons" if any(one.side() for one in found) else ""
    undecided = f", undecided {_listed(found)}{corrected}" if found else ""
    return undecided + (f", not compared with {_first(lost)}" if lost else "")


def _listed(found: Sequence[Difference]) -> str:
    return _first([str(one) for one in sorted(found, key=lambda one: -one.mean)])


def _first(words: Sequence[str], most: int = 3) -> str:
    return "; ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def diverges_often(solver: str, below: float, share: float, above: float = 0.0) -> Check:
    """Ends without an answer in at least this share of the cases with above <= m / n <= below.

    Told by the 95 % score interval of the share (Wilson 1927), in which all cases count as independent, also those of
    one A; undecided where the interval holds `share`.
    """
    where = f"at m / n <= {below:g}" if not above else f"at m / n of {above:g} to {below:g}"

    def check(tables: Tables) -> Verdict:
        rows = [row for row in _within(tables, "summary", above, below) if row["solver"] == solver]
        if undecided := missing(f"{solver} {where}", rows, "cases", "diverged"):
            return undecided
        cases, diverged = (sum(row[name] for row in rows) for name in ("cases", "diverged"))
        low, high = wilson_interval(diverged / cases, cases)
        evidence = f"{diverged} of {cases} cases {where} diverged ({low:.0%} to {high:.0%})"
        return Verdict(_above(low, high, share), evidence)

    return check


def _above(low: float, high: float, least: float) -> bool | None:
    """Whether what lies in an interval is at least this much; None where the interval leaves it open."""
    return True if low >= least else False if high < least else None
