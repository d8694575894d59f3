"""Claims that a solver leaves another one far behind, from the paired differences in comparisons.csv."""

import math

from lit_inverse.reproductions.claims.sweeps import Difference, differences
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Tables


def far_ahead_of_one(solver: str, *others: str, margin: float) -> Check:
    """One of the others at least, the same one everywhere, is this many dB worse at every setting and noise level.

    One is where its 95 % intervals in dB lie above the margin and its mean squared errors are the larger ones, and is
    not where one interval lies below it, widened for the number of places (`Difference.within`); undecided otherwise.
    The claim is refuted when none of the others is.
    """

    def check(tables: Tables) -> Verdict:
        places = len({(row["setting"], row["noise_level"]) for row in [*tables["summary"], *tables["comparisons"]]})
        behind = {other: _measured(tables, other, solver) for other in others}
        holds = [_is_above(found, places, margin) for found in behind.values()]
        evidence = "; ".join(f"{other} {_closest(found, places)}" for other, found in behind.items())
        return Verdict(True if True in holds else None if None in holds else False, evidence)

    return check


def _measured(tables: Tables, solver: str, other: str) -> list[Difference]:
    return [one for one in differences(tables, solver, [other]) if not math.isnan(one.mean)]


def _is_above(found: list[Difference], places: int, margin: float) -> bool | None:
    if any(one.within(places)[1] < margin for one in found):
        return False
    return True if 0 < len(found) == places and all(one.low > margin and one.mse > 0 for one in found) else None


def _closest(found: list[Difference], places: int) -> str:
    if not found:
        return "was not compared"
    one = min(found, key=lambda difference: difference.mean)
    where = f" (compared at {len(found)} of {places})" if len(found) < places else ""
    return f"{one.mean:+.3g} dB and more{where}, interval {one.low:+.3g} to {one.high:+.3g}, n = {one.n}"
