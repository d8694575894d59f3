"""Claims about solvers of a sweep, from summary.csv and the paired differences in comparisons.csv."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lit_inverse.reproductions.claims.missing import missing, number
from lit_inverse.reproductions.experiment import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

Place = tuple[Any, float]  # setting and noise level

_IN_DB = "difference_db", "db_low", "db_high"
_OF_MSE = "difference", "low", "high"


@dataclass(frozen=True)
class Difference:
    """A solver's error less another one's on the same n items, their mean with its 95 % interval.

    In dB, or of mean squared errors; NaN where the table does not have it.
    """

    other: str
    place: Place
    n: int
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return f"{_at(self.other, self.place)}: no difference in dB (n = {self.n})"
        interval = f"{self.low:+.3g} to {self.high:+.3g}, n = {self.n}"
        return f"{_at(self.other, self.place)}: {self.mean:+.3g} dB ({interval})"


@dataclass(frozen=True)
class Cases:
    """A solver against others at all settings: where it is better or worse beyond the interval, and what is open.

    Attributes:
        missing: what was run, but not compared.
    """

    ahead: Sequence[Difference]
    behind: Sequence[Difference]
    open: Sequence[Difference]
    missing: Sequence[str]

    @property
    def total(self) -> int:
        """Cases that were to be compared."""
        return len(self.ahead) + len(self.behind) + len(self.open) + len(self.missing)


def _at(solver: str, place: Place) -> str:
    setting, level = place
    return f"{solver} at {setting}" + (f", noise {level:.3g}" if level and math.isfinite(level) else "")


def _place(row: Row) -> Place:
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
    columns: Sequence[str] = _IN_DB,
) -> list[Difference]:
    """Those at settings with above <= m / n <= below; negative where the solver is better."""
    found = []
    for row in _within(tables, "comparisons", above, below):
        mean, low, high = (number(row.get(name)) for name in columns)
        if row["first"] == solver and row["second"] in others:
            found.append(Difference(row["second"], _place(row), row["n"], mean, low, high))
        elif row["second"] == solver and row["first"] in others:
            found.append(Difference(row["first"], _place(row), row["n"], -mean, -high, -low))
    return found


def _compared(tables: Tables, solver: str, others: Sequence[str], above: float, below: float) -> Cases:
    found = differences(tables, solver, others, above, below)
    ahead, behind = [one for one in found if one.high < 0], [one for one in found if one.low > 0]
    rows = [row for name in ("summary", "comparisons") for row in _within(tables, name, above, below)]
    there = {(one.other, one.place) for one in found}
    wanted = [(other, place) for place in dict.fromkeys(map(_place, rows)) for other in others]
    lost = [_at(*pair) for pair in wanted if pair not in there]
    return Cases(ahead, behind, [one for one in found if one not in ahead and one not in behind], lost)


def ahead(solver: str, *others: str, above: float = 0.0, below: float = math.inf) -> Check:
    """Better in dB than each of the others at every setting with above <= m / n <= below, beyond the 95 % interval.

    Undecided where an interval holds 0 or a comparison is missing, also of a table made before there were dB, unless
    the solver is worse beyond it elsewhere.
    """

    def check(tables: Tables) -> Verdict:
        found = _compared(tables, solver, others, above, below)
        if not found.total:
            return Verdict(None, f"{solver} was not compared with {', '.join(others)} there")
        evidence = f"ahead at {len(found.ahead)} of {found.total}"
        if found.behind:
            return Verdict(False, f"{evidence}, behind {_listed(found.behind)}")
        if found.missing or found.open:
            return Verdict(None, evidence + _open(found))
        return Verdict(True, f"{evidence}, closest {max(found.ahead, key=lambda one: one.mean)}")

    return check


def _open(found: Cases) -> str:
    undecided = f", undecided {_listed(found.open)}" if found.open else ""
    return undecided + (f", not compared with {_first(found.missing)}" if found.missing else "")


def _listed(found: Sequence[Difference]) -> str:
    return _first([str(one) for one in sorted(found, key=lambda one: -one.mean)])


def _first(words: Sequence[str], most: int = 3) -> str:
    return "; ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def ahead_in_most(solver: str, *others: str, share: float) -> Check:
    """Better in dB in at least this share of the pairs of setting and other solver, beyond the 95 % interval.

    Undecided where intervals leave it open, and, unless it is refuted already, where a comparison is missing.
    """

    def check(tables: Tables) -> Verdict:
        found = _compared(tables, solver, others, 0.0, math.inf)
        if not found.total:
            return Verdict(None, f"{solver} was not compared with {', '.join(others)}")
        evidence = f"ahead in {len(found.ahead)}, behind in {len(found.behind)} of {found.total} cases"
        evidence += f" ({_listed(found.behind)})" if found.behind else ""
        if found.total - len(found.behind) < share * found.total:
            return Verdict(False, evidence)
        if found.missing or len(found.ahead) < share * found.total:
            return Verdict(None, evidence + _open(found))
        return Verdict(True, evidence)

    return check


def diverges_often(solver: str, below: float, share: float) -> Check:
    """Ends without an answer in at least this share of the cases with m / n <= below."""

    def check(tables: Tables) -> Verdict:
        rows = [row for row in _within(tables, "summary", 0.0, below) if row["solver"] == solver]
        if undecided := missing(f"{solver} at m / n <= {below:g}", rows, "cases", "diverged"):
            return undecided
        cases, diverged = (sum(row[name] for row in rows) for name in ("cases", "diverged"))
        return Verdict(diverged >= share * cases, f"{diverged} of {cases} cases at m / n <= {below:g} diverged")

    return check


def saturates(solver: str, after: float, least: float) -> Check:
    """From the setting `after` to the last one the error keeps at least this share of itself."""

    def check(tables: Tables) -> Verdict:
        rows = {row["setting"]: row for row in tables.where("summary", solver=solver)}
        if after not in rows or max(rows) <= after:
            return Verdict(None, f"{solver} was not run at {after:g} and beyond")
        first, last = (number(rows[at]["mse_mean"]) for at in (after, max(rows)))
        kept = last / first if first else math.nan
        evidence = f"{first:.3g} at {after:g}, {last:.3g} at {max(rows):g}: {kept:.0%} of it"
        evidence += f" (n = {rows[after]['n']})"
        return Verdict(None if math.isnan(kept) else kept >= least, evidence)

    return check


def not_above(solver: str, *others: str, slack: float) -> Check:
    """Its mean error is at most this much above the least of the others', relatively, at each setting."""

    def check(tables: Tables) -> Verdict:
        excess, words = [], []
        for (setting, _), rows in tables.groups("summary", ("setting", "noise_level")).items():
            errors = {row["solver"]: number(row["mse_mean"]) for row in rows}
            if lost := [name for name in (solver, *others) if not errors.get(name, math.nan) >= 0]:
                excess.append(math.nan)
                words.append(f"{', '.join(lost)} not measured at {setting}")
                continue
            least = min(errors[name] for name in others)
            excess.append(errors[solver] / least - 1 if least else math.nan)
            words.append(f"{excess[-1]:+.1%} of the least other one at {setting} (n = {rows[0]['n']})")
        if not excess:
            return Verdict(None, f"{solver} was not run beside {', '.join(others)}")
        refuted = any(one > slack for one in excess)
        undecided = any(math.isnan(one) for one in excess)
        return Verdict(False if refuted else None if undecided else True, "; ".join(words))

    return check


@dataclass(frozen=True)
class Gain:
    """By how many per cent an error falls, with the 95 % interval of the difference."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.1f} % ({self.low:.1f} to {self.high:.1f}, n = {self.n})"


def gain(tables: Tables, solver: str, of: str, place: Place) -> Gain | None:
    """Of a solver over another one at a setting; None where it was not measured."""
    found = [one for one in differences(tables, solver, [of], columns=_OF_MSE) if one.place == place]
    base = [number(row["mse_mean"]) for row in tables.where("summary", solver=of) if _place(row) == place]
    if not found or not base or not base[0] > 0:
        return None
    value, low, high = (-100 * end / base[0] for end in (found[0].mean, found[0].high, found[0].low))
    return None if any(map(math.isnan, (value, low, high))) else Gain(value, low, high, found[0].n)


def gains_with_noise(solver: str, of: str) -> Check:
    """The relative gain over `of` is larger at the highest noise level than at the lowest, at each setting."""

    def check(tables: Tables) -> Verdict:
        rows = tables.where("summary", solver=of)
        levels = sorted({row["noise_level"] for row in rows})
        verdicts, words = list[bool | None](), []
        for setting in dict.fromkeys(row["setting"] for row in rows):
            few, many = (gain(tables, solver, of, (setting, level)) for level in (levels[0], levels[-1]))
            if few is None or many is None or len(levels) < 2:
                return Verdict(None, f"{solver} was not compared with {of} at two noise levels")
            verdicts.append(True if many.low > few.high else False if many.high < few.low else None)
            words.append(f"at {setting}: {few} and {many} at noise {levels[-1]:.3g}")
        holds = False if False in verdicts else None if None in verdicts or not verdicts else True
        return Verdict(holds, "; ".join(words))

    return check
