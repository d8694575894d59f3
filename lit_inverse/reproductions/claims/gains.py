"""Claims about what one solver takes off the error of another, against gains that were published in per cent.

Those are of mean errors. Ours are also means over images of decibels, which no hard image rules.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lit_inverse.intervals import mean_interval
from lit_inverse.reproductions.claims.images import errors_at, ratios_in_db
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.claims.sweeps import OF_MSE, Difference, differences, place_of
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Tables

Published = Mapping[tuple[int, float], float]  # m and noise level: by how many per cent the error falls

_SAME_LEVEL = 1e-6


@dataclass(frozen=True)
class Gain:
    """By how many per cent the mean squared error falls, with the 95 % interval of the difference."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.1f} % ({self.low:.1f} to {self.high:.1f}, n = {self.n})"


def gain(tables: Tables, solver: str, of: str, m: int, level: float) -> Gain | None:
    """Of a solver over another one; None where it was not measured."""
    found = [one for one in differences(tables, solver, [of], columns=OF_MSE) if _is_at(one.place, m, level)]
    rows = [row for row in tables.where("summary", solver=of) if _is_at(place_of(row), m, level)]
    base = [number(row["mse_mean"]) for row in rows]
    if not found or not base or not base[0] > 0:
        return None
    value, low, high = (-100 * end / base[0] for end in (found[0].mean, found[0].high, found[0].low))
    return None if any(map(math.isnan, (value, low, high))) else Gain(value, low, high, found[0].n)


def gains_as_published(solver: str, of: str, published: Published, share: float) -> Check:
    """The error falls by at least this share of the decibels that were published, at every place that was run.

    Told by the mean over images of the differences in dB, and by that of the mean squared errors, which hard images
    rule: it holds where all 95 % intervals and mean errors lie beyond, and is refuted where one interval, widened for
    the number of places (`Difference.within`), and its mean error lie short of it. Undecided otherwise.
    """

    def check(tables: Tables) -> Verdict:
        places = _run(tables, of, published)
        found = {place: one for place in places if (one := _measured(tables, solver, of, place))}
        asked = {place: share * decibels(published[place]) for place in found}
        of_means = {place: _of_means(tables, solver, of, place) for place in found}
        ends = {place: one.within(len(places))[0] for place, one in found.items()}
        short = [place for place in found if -ends[place] < asked[place] and of_means[place] < asked[place]]
        reached = [p for p, one in found.items() if -one.high >= asked[p] and of_means[p] >= asked[p]]
        words = [f"{one}, asked {-asked[place]:+.3g}" for place, one in found.items()]
        words += [f"not compared in dB at {m}, noise {level:.3g}" for m, level in places if (m, level) not in found]
        holds = False if short else True if places and len(reached) == len(places) else None
        return Verdict(holds, "; ".join(words) or f"{of} was not run")

    return check


def gains_with_noise(solver: str, of: str, published: Published, share: float) -> Check:
    """From the least to the highest noise level the gain grows by at least this share of what is published, in dB.

    At the one m there is. Told by the 95 % interval of the mean over images of the difference of both gains in dB, and
    by the gains of the mean squared errors, which hard images rule: undecided unless both are on one side.
    """

    def check(tables: Tables) -> Verdict:
        places = sorted(_run(tables, of, published))
        if len(places) < 2 or len({m for m, _ in places}) > 1:
            return Verdict(None, f"{of} was run at more than one m, or at fewer than two noise levels")
        first, last = places[0], places[-1]
        before, after = (_gains(tables, solver, of, place) for place in (first, last))
        more = [after[image] - before[image] for image in before if image in after]
        if len(more) < 2 or before.keys() != after.keys() or any(map(math.isnan, more)):
            return Verdict(None, "errors of single images were not kept, or are not above 0")
        low, high = mean_interval(more)
        known = decibels(published[last]) - decibels(published[first])
        of_means = _of_means(tables, solver, of, last) - _of_means(tables, solver, of, first)
        evidence = f"{sum(more) / len(more):+.3g} dB more at noise {last[1]:.3g} than at {first[1]:.3g} "
        evidence += f"({low:+.3g} to {high:+.3g}, n = {len(more)}), of the mean errors {of_means:+.3g}, "
        evidence += f"published {known:+.3g}"
        asked = share * known
        short, reached = high < asked and of_means < asked, low >= asked and of_means >= asked
        return Verdict(True if reached else False if short else None, evidence)

    return check


def decibels(percent: float) -> float:
    """Of an error that falls by so many per cent."""
    return -10 * math.log10(1 - percent / 100) if percent < 100 else math.inf


def _is_at(place: tuple[object, float], m: int, level: float) -> bool:
    return place[0] == m and abs(place[1] - level) < _SAME_LEVEL


def _run(tables: Tables, of: str, published: Published) -> list[tuple[int, float]]:
    rows = tables.where("summary", solver=of)
    return [place for place in published if any(_is_at(place_of(row), *place) for row in rows)]


def _measured(tables: Tables, solver: str, of: str, place: tuple[int, float]) -> Difference | None:
    found = [one for one in differences(tables, solver, [of]) if _is_at(one.place, *place)]
    return found[0] if found and not math.isnan(found[0].mean) else None


def _of_means(tables: Tables, solver: str, of: str, place: tuple[int, float]) -> float:
    """The gain of the mean squared errors in dB; NaN where it was not measured."""
    found = gain(tables, solver, of, *place)
    return math.nan if found is None else decibels(found.value)


def _gains(tables: Tables, solver: str, of: str, place: tuple[int, float]) -> dict[str, float]:
    """In dB, by image."""
    rows = [row for row in tables["images"] if _is_at((row.get("setting"), row.get("noise_level", math.nan)), *place)]
    level = rows[0]["noise_level"] if rows else math.nan
    ours, theirs = (errors_at(tables, solver=name, setting=place[0], noise_level=level) for name in (solver, of))
    return ratios_in_db(theirs, ours) if ours.keys() == theirs.keys() else {}
