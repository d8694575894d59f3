"""Claims about singular values, from values.csv of jacobian_spectra."""

from collections.abc import Sequence

import numpy as np

from lit_inverse.reproductions.claims.missing import missing
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables
from lit_inverse.theory.jacobian_spectra.measurement import LEADING, two_layer_name
from lit_inverse.theory.two_layer import predicted_spectrum, triangle

_KEPT = 1e-8  # of the largest: smaller values are 0 but for rounding
_FIRST = 3  # place from which on decay is looked at
_FEWEST = 10  # values that have a law of decay
_CONCENTRATED = 11  # places: the constant and five pairs of cos and sin
_ALONG_FIT = 100  # leading values


def spectrum(tables: Tables, network: str, iteration: int) -> list[Row]:
    """Values of a network at an iteration in descending order; none where it was not measured."""
    return sorted(tables.where("values", network=network, iteration=iteration), key=lambda row: int(row["place"]))


def _values(rows: Sequence[Row]) -> list[float]:
    return [float(row["value"]) for row in rows]


def as_predicted(networks: Sequence[str], tolerance: float) -> Check:
    """The leading values of each network are those of theory up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        worst = {}
        for name in networks:
            rows = [row for row in tables.where("values", network=name) if row["place"] <= LEADING]
            if undecided := missing(name, rows, "value", "predicted"):
                return undecided
            if len(rows) < LEADING or not all(row["predicted"] for row in rows):
                return Verdict(None, f"{name}: fewer than {LEADING} values with a prediction above 0")
            worst[name] = max(abs(row["value"] / row["predicted"] - 1) for row in rows)
        evidence = ", ".join(f"{name}: {error:.1%}" for name, error in worst.items())
        return Verdict(max(worst.values()) <= tolerance, f"largest error of the leading {LEADING}: {evidence}")

    return check


def more_concentrated(wide: str, narrow: str) -> Check:
    """The leading 11 values of one network have more of the sum of squares of all measured than those of the other."""

    def check(tables: Tables) -> Verdict:
        of_both = [spectrum(tables, name, 0) for name in (wide, narrow)]
        number = min(map(len, of_both))
        for name, rows in zip((wide, narrow), of_both, strict=True):
            if undecided := missing(name, rows, "value"):
                return undecided
        squares = [np.square(_values(rows[:number])) for rows in of_both]
        if number <= _CONCENTRATED or not all(of_one.sum() > 0 for of_one in squares):
            return Verdict(None, f"{number} values were measured, expected more than {_CONCENTRATED} above 0")
        a, b = (float(of_one[:_CONCENTRATED].sum() / of_one.sum()) for of_one in squares)
        words = f"the first {_CONCENTRATED} of {number} have {a:.0%} of the sum of squares, and {b:.0%} of {narrow}"
        return Verdict(a > b, words)

    return check


def geometric(network: str) -> Check:
    """The first values fall geometrically: from the third on their logarithm is closer to a line in the place than in
    the logarithm of the place."""

    def check(tables: Tables) -> Verdict:
        rows = spectrum(tables, network, 0)
        return missing(network, rows, "value") or _decay({network: _values(rows)})

    return check


def weights_geometric(half_widths: Sequence[int]) -> Check:
    """All weights of eq. 11 for triangular kernels fall geometrically, as in `geometric`, for each half width."""

    def check(tables: Tables) -> Verdict:
        rows = {f"half width {width}": spectrum(tables, two_layer_name(width), 0) for width in half_widths}
        if not all(rows.values()):
            return Verdict(None, f"the spectra of {' and '.join(rows)} were not measured")
        weights = (
            predicted_spectrum(triangle(of[0]["n"], h)) for of, h in zip(rows.values(), half_widths, strict=True)
        )
        return _decay(dict(zip(rows, (sorted(one.tolist(), reverse=True) for one in weights), strict=True)))

    return check


def _decay(spectra: dict[str, list[float]]) -> Verdict:
    closer, words = [], []
    for name, found in spectra.items():
        values = np.array(found)
        values = values[values > _KEPT * values.max()]
        places = np.arange(_FIRST, len(values) + 1)
        if len(places) < _FEWEST:
            return Verdict(None, f"{len(places)} values above 0 of {name}, expected {_FEWEST} and more")
        misfit = {
            law: float(np.polyfit(x, np.log(values[_FIRST - 1 :]), 1, full=True)[1][0] / len(x)) ** 0.5
            for law, x in (("geometric", places), ("a power law", np.log(places)))
        }
        closer.append(min(misfit, key=lambda law: misfit[law]))
        off = " and ".join(f"{value:.3f} off {law}" for law, value in misfit.items())
        words.append(f"{name}: logarithms of values {_FIRST} to {len(values)} are {off}")
    return Verdict(set(closer) == {"geometric"}, "; ".join(words))


def changes_by_at_most(network: str, factor: float) -> Check:
    """The leading 100 values at all iterations are within this factor of those at the first one."""

    def check(tables: Tables) -> Verdict:
        if undecided := missing(network, tables.where("values", network=network), "value"):
            return undecided
        iterations = sorted({row["iteration"] for row in tables.where("values", network=network)})
        along = [np.array(_values(spectrum(tables, network, i)[:_ALONG_FIT])) for i in iterations]
        if len(along) < 2 or len(set(map(len, along))) > 1 or not all((values > 0).all() for values in along):
            return Verdict(None, f"{network} was not measured along a fit, or has values that are 0")
        ratios = {i: values / along[0] for i, values in zip(iterations[1:], along[1:], strict=True)}
        worst = max(max(float(ratio.max()), float(1 / ratio.min())) for ratio in ratios.values())
        medians = ", ".join(f"{np.median(ratio):.2f} at {i}" for i, ratio in ratios.items())
        return Verdict(
            worst <= factor, f"by up to {worst:.1f} times; median ratio to iteration {iterations[0]}: {medians}"
        )

    return check
