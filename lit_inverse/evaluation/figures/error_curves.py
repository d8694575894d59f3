"""Error against m, any other argument of the operator, or noise."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from lit_inverse.evaluation.figures.style import (
    WIDTH,
    Positions,
    axis_name,
    by_solver,
    error_axis,
    legend,
    mse_label,
    style,
)
from lit_inverse.evaluation.statistics import Setting, Summary


def error_against_setting(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    symbol: str,
    unit: str,
    logarithmic: bool = True,
    title: str = "",
) -> Figure:
    """Mean squared error at one noise level against m, or what `symbol` says, with 95 % bands, one line per solver.

    Args:
        summaries: of one noise level.
        solvers: all of the sweep, whose places give the styles.
        symbol: of the argument that is the setting.
        unit: of x, as in "x in [0, 1]"; empty for vectors.
        logarithmic: the axis of errors.
        title: above the axes.
    """
    return _curves(summaries, solvers, lambda summary: summary.setting, axis_name(symbol), unit, logarithmic, title)


def error_against_noise(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    name: str,
    unit: str,
    logarithmic: bool = True,
    title: str = "",
) -> Figure:
    """Mean squared error at one setting against the noise level with 95 % bands, one line per solver."""
    return _curves(summaries, solvers, lambda summary: summary.noise_level, name, unit, logarithmic, title)


def _curves(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    position: Callable[[Summary], Setting],
    name: str,
    unit: str,
    logarithmic: bool,
    title: str,
) -> Figure:
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    axes = figure.subplots()
    positions = Positions(map(position, summaries))
    # a t-interval may reach below zero, where a logarithmic axis ends: its band then runs off the lower edge
    lowest = 0.4 * min(summary.mse_mean for summary in summaries) if logarithmic else None
    handles: list[Artist] = []
    lines = by_solver(summaries, solvers)
    for place, line in lines:
        at = np.array([positions[position(summary)] for summary in line])
        at = positions.beside(at, place, len(solvers))
        mean = np.array([summary.mse_mean for summary in line])
        low, high = (np.array([getattr(summary, end) for summary in line]) for end in ("mse_low", "mse_high"))
        low, high = (np.where(np.isfinite(end), end, mean) for end in (low, high))  # none for a single image
        low = low if lowest is None else np.maximum(low, lowest / 10)
        look = style(place)
        handles += axes.plot(at, mean, zorder=3, **look)
        if len(at) > 1 and positions.numeric:
            axes.fill_between(at, low, high, color=look["color"], alpha=0.13, linewidth=0)
        axes.errorbar(
            at, mean, [mean - low, high - mean], fmt="none", ecolor=look["color"], capsize=2.5, elinewidth=0.9
        )
    positions.prepare(axes, name)
    error_axis(axes, logarithmic, lowest)
    axes.set_ylabel(mse_label(unit))
    counts = sorted({summary.n for summary in summaries})
    images = f"mean over {'/'.join(map(str, counts))} images, 95 % t-intervals"
    axes.set_title(f"{title}: {images}" if title else images, fontsize=9)
    legend(figure, handles, [line[0].label for _, line in lines])
    return figure
