"""Claims about solvers of a sweep, from summary.csv and the paired differences in comparisons.csv."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lit_inverse.reproductions.experiment import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables


@dataclass(frozen=True)
class Difference:
    """Mean squared error of a solver minus that of another one at one setting, with its 95 % interval."""

    other: str
    setting: Any
    noise_level: float
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.other} at {self.setting}{_level(self)}: {self.mean:+.3g} ({self.low:+.3g} to {self.high:+.3g})"


def _level(one: Difference) -> str:
    return f", noise {one.noise_level:.3g}" if one.noise_level else ""


def differences(
    tables: Tables, solver: str, others: Iterable[str], above: float = 0.0, below: float = math.inf
) -> list[Difference]:
    """Those at settings with above <= m / n <= below; negative where the solver is better."""
    found = []
    for row in tables["comparisons"]:
        sign = {row["first"]: 1, row["second"]: -1}.get(solver)
        other = row["second"] if sign == 1 else row["first"]
        if sign is None or other not in others or not above <= _ratio(tables, row) <= below:
            continue
        ends = sorted((sign * row["low"], sign * row["high"]))
        found.append(Difference(other, row["setting"], row["noise_level"], sign * row["difference"], *ends))
    return found


def _ratio(tables: Tables, row: Row) -> float:
    return float(row["m"] / tables.record["unknowns"])


def ahead(solver: str, *others: str, above: float = 0.0, below: float = math.inf) -> Check:
    """Better than each of the others at every setting with above <= m / n <= below, beyond the 95 % interval.

    Undecided where an interval holds 0, unless the solver is worse beyond it elsewhere.
    """

    def check(tables: Tables) -> Verdict:
        found = differences(tables, solver, others, above, below)
        if not found:
            return Verdict(None, f"{solver} was not compared with {', '.join(others)} there")
        behind, open_ = [one for one in found if one.low > 0], [one for one in found if one.low <= 0 <= one.high]
        counts = f"ahead at {len(found) - len(behind) - len(open_)} of {len(found)}"
        if behind:
            return Verdict(False, f"{counts}, behind {_listed(behind)}")
        if open_:
            return Verdict(None, f"{counts}, undecided {_listed(open_)}")
        return Verdict(True, f"{counts}, closest {max(found, key=lambda one: one.mean)}")

    return check


def _listed(found: list[Difference], most: int = 3) -> str:
    worst = sorted(found, key=lambda one: -one.mean)
    return "; ".join(map(str, worst[:most])) + (f" and {len(worst) - most} more" if len(worst) > most else "")


def ahead_in_most(solver: str, *others: str, share: float = 0.8) -> Check:
    """Better in at least this share of the pairs of setting and other solver; undecided if intervals leave it open."""

    def check(tables: Tables) -> Verdict:
        found = differences(tables, solver, others)
        if not found:
            return Verdict(None, f"{solver} was not compared with {', '.join(others)}")
        better, worse = sum(one.high < 0 for one in found), [one for one in found if one.low > 0]
        evidence = f"ahead in {better}, behind in {len(worse)} of {len(found)} cases"
        evidence += f" ({_listed(worse)})" if worse else ""
        if better >= share * len(found):
            return Verdict(True, evidence)
        return Verdict(False if len(found) - len(worse) < share * len(found) else None, evidence)

    return check


def diverges_often(solver: str, below: float, share: float = 0.25) -> Check:
    """Ends without an answer in at least this share of the cases with m / n <= below."""

    def check(tables: Tables) -> Verdict:
        rows = [row for row in tables.where("summary", solver=solver) if _ratio(tables, row) <= below]
        cases, diverged = (sum(row[name] for row in rows) for name in ("n", "diverged"))
        if not cases:
            return Verdict(None, f"{solver} was not run at m / n <= {below:g}")
        return Verdict(diverged >= share * cases, f"{diverged} of {cases} cases at m / n <= {below:g} diverged")

    return check


def saturates(solver: str, after: float, least: float = 0.5) -> Check:
    """From the setting `after` to the last one the error keeps at least this share of itself."""

    def check(tables: Tables) -> Verdict:
        errors = {row["setting"]: row["mse_mean"] for row in tables.where("summary", solver=solver)}
        if after not in errors or max(errors) <= after:
            return Verdict(None, f"{solver} was not run at {after:g} and beyond")
        kept = errors[max(errors)] / errors[after]
        evidence = f"{errors[after]:.3g} at {after:g}, {errors[max(errors)]:.3g} at {max(errors):g}: {kept:.0%} of it"
        return Verdict(kept >= least, evidence)

    return check


def not_above(solver: str, *others: str, slack: float = 0.1) -> Check:
    """Its mean error is at most this much above the least of the others', relatively, at each setting."""

    def check(tables: Tables) -> Verdict:
        errors = {(row["setting"], row["noise_level"], row["solver"]): row["mse_mean"] for row in tables["summary"]}
        excess = {
            place[:2]: errors[place] / min(errors[*place[:2], other] for other in others) - 1
            for place in errors
            if place[2] == solver and all((*place[:2], other) in errors for other in others)
        }
        if not excess:
            return Verdict(None, f"{solver} was not run beside {', '.join(others)}")
        evidence = "; ".join(
            f"{value:+.1%} of the least other one at {setting}" for (setting, _), value in excess.items()
        )
        return Verdict(max(excess.values()) <= slack, evidence)

    return check


def gain(tables: Tables, solver: str, of: str, setting: Any, noise_level: float) -> tuple[float, float, float] | None:
    """By how many per cent the error of `of` falls with the solver, and the 95 % interval of the difference."""
    same = {"setting": setting, "noise_level": noise_level}
    found = [
        one for one in differences(tables, solver, [of]) if (one.setting, one.noise_level) == (setting, noise_level)
    ]
    base = tables.where("summary", solver=of, **same)
    if not found or not base:
        return None
    scale = -100 / base[0]["mse_mean"]
    return scale * found[0].mean, scale * found[0].high, scale * found[0].low


def gains_with_noise(solver: str, of: str) -> Check:
    """The relative gain over `of` is larger at the highest noise level than at the lowest, at each setting."""

    def check(tables: Tables) -> Verdict:
        rows = tables.where("summary", solver=of)
        levels = sorted({row["noise_level"] for row in rows})
        verdicts, words = list[bool | None](), []
        for setting in dict.fromkeys(row["setting"] for row in rows):
            few, many = (gain(tables, solver, of, setting, level) for level in (levels[0], levels[-1]))
            if few is None or many is None or len(levels) < 2:
                return Verdict(None, f"{solver} was not compared with {of} at two noise levels")
            verdicts.append(True if many[1] > few[2] else False if many[2] < few[1] else None)
            words.append(f"at {setting}: {_percent(few)} and {_percent(many)} at noise {levels[-1]:.3g}")
        holds = False if False in verdicts else None if None in verdicts or not verdicts else True
        return Verdict(holds, "; ".join(words))

    return check


def _percent(value: tuple[float, float, float]) -> str:
    return "{:.1f} % ({:.1f} to {:.1f})".format(*value)
