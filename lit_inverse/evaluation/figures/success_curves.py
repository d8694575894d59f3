"""The phase transition: how often a solver succeeds, against m."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from lit_inverse.evaluation.figures.style import WIDTH, Positions, axis_name, by_solver, legend, style
from lit_inverse.evaluation.success import SuccessRate


def success_against_setting(
    rates: Sequence[SuccessRate], solvers: Sequence[str], symbol: str, title: str = ""
) -> Figure:
    """Success rate at one noise level against m (or what `symbol` says) with 95 % Wilson bands, one line per solver."""
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    axes = figure.subplots()
    positions = Positions(rate.setting for rate in rates)
    handles: list[Artist] = []
    lines = by_solver(rates, solvers)
    for place, line in lines:
        at = np.array([positions[one.setting] for one in line])
        at = positions.beside(at, place, len(solvers))
        rate, low, high = (np.array([getattr(one, part) for one in line]) for part in ("rate", "low", "high"))
        look = style(place)
        handles += axes.plot(at, rate, zorder=3, clip_on=False, **look)
        if len(at) > 1 and positions.numeric:
            axes.fill_between(at, low, high, color=look["color"], alpha=0.13, linewidth=0)
        bars = np.array([rate - low, high - rate]).clip(0)
        axes.errorbar(at, rate, bars, fmt="none", ecolor=look["color"], capsize=2.5, elinewidth=0.9)
    positions.prepare(axes, axis_name(symbol))
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.set_ylabel("success rate")
    success = f"success: ||x_hat - x||² / ||x||² ≤ {rates[0].threshold:g}, 95 % Wilson intervals"
    axes.set_title(f"{title}: {success}" if title else success, fontsize=9)
    legend(figure, handles, [line[0].label for _, line in lines])
    return figure
