"""Claims about singular values, from values.csv of jacobian_spectra."""

from collections.abc import Sequence

import numpy as np

from lit_inverse.reproductions.experiment import Check, Verdict
from lit_inverse.reproductions.tables import Tables
from lit_inverse.theory.jacobian_spectra.measurement import LEADING

_KEPT = 1e-8  # of the largest: smaller values are 0 but for rounding


def spectrum(tables: Tables, network: str, iteration: int, column: str = "value") -> list[float]:
    """Values of a network at an iteration in descending order; none where it was not measured."""
    rows = tables.where("values", network=network, iteration=iteration)
    return sorted((float(row[column]) for row in rows), reverse=True)


def as_predicted(networks: Sequence[str], tolerance: float) -> Check:
    """The leading values of each network are those of theory up to a relative tolerance."""

    def check(tables: Tables) -> Verdict:
        worst = {}
        for name in networks:
            rows = [row for row in tables.where("values", network=name) if row["place"] <= LEADING]
            worst[name] = max((abs(row["value"] / row["predicted"] - 1) for row in rows), default=np.nan)
        if np.isnan(list(worst.values())).any():
            return Verdict(None, f"{', '.join(networks)} were not measured")
        evidence = ", ".join(f"{name}: {error:.1%}" for name, error in worst.items())
        return Verdict(max(worst.values()) <= tolerance, f"largest error of the leading {LEADING}: {evidence}")

    return check


def more_concentrated(wide: str, narrow: str, places: int = 11) -> Check:
    """The leading values of one network have more of the sum of squares than those of the other one."""

    def check(tables: Tables) -> Verdict:
        shares = []
        for name in (wide, narrow):
            squares = np.square(spectrum(tables, name, 0))
            if len(squares) <= places:
                return Verdict(None, f"{name} was not measured")
            shares.append(float(squares[:places].sum() / squares.sum()))
        return Verdict(
            shares[0] > shares[1], f"the first {places} have {shares[0]:.0%}, and {shares[1]:.0%} of {narrow}"
        )

    return check


def geometric(network: str, iteration: int = 0, first: int = 3, last: int | None = None) -> Check:
    """The values fall geometrically: log value is closer to a line in the place than in its logarithm."""

    def check(tables: Tables) -> Verdict:
        values = np.array(spectrum(tables, network, iteration)[:last])
        values = values[values > _KEPT * max(values, default=0.0)]
        if len(values) < first + 10:
            return Verdict(None, f"{network} was not measured")
        places = np.arange(first, len(values) + 1)
        misfit = {
            name: float(np.polyfit(x, np.log(values[first - 1 :]), 1, full=True)[1][0] / len(x)) ** 0.5
            for name, x in (("geometric", places), ("a power law", np.log(places)))
        }
        closer = min(misfit, key=lambda name: misfit[name])
        words = " and ".join(f"{value:.3f} off {name}" for name, value in misfit.items())
        return Verdict(closer == "geometric", f"logarithms are {words}")

    return check


def changes_by_at_most(network: str, factor: float, places: int = 100) -> Check:
    """The leading values at all iterations are within this factor of those at the first one."""

    def check(tables: Tables) -> Verdict:
        iterations = sorted({row["iteration"] for row in tables.where("values", network=network)})
        if len(iterations) < 2:
            return Verdict(None, f"{network} was not measured along a fit")
        start = np.array(spectrum(tables, network, iterations[0])[:places])
        ratios = {i: np.array(spectrum(tables, network, i)[:places]) / start for i in iterations[1:]}
        worst = max(max(float(ratio.max()), float(1 / ratio.min())) for ratio in ratios.values())
        medians = ", ".join(f"{np.median(ratio):.2f} at {i}" for i, ratio in ratios.items())
        return Verdict(
            worst <= factor, f"by up to {worst:.1f} times; median ratio to iteration {iterations[0]}: {medians}"
        )

    return check
