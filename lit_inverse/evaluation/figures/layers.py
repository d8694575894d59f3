"""Error along the layers of unfolded networks, or the iterations of other short solvers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lit_inverse.drawing import ORACLE, WIDTH, legend, style
from lit_inverse.evaluation.figures.measure import EXACT, make_room
from lit_inverse.evaluation.figures.style import by_solver, panels
from lit_inverse.evaluation.grouping import Setting
from lit_inverse.evaluation.layers import LayerError
from lit_inverse.evaluation.statistics import Summary

_PANEL = 2.5  # inches


def error_along_layers(
    errors: Sequence[LayerError],
    solvers: Sequence[str],
    titles: Mapping[tuple[Setting, float], str],
    oracle: Sequence[Summary] = (),
) -> Figure:
    """Aggregate NMSE in dB against the layer with 95 % bands, a line per solver, for up to four settings.

    Args:
        errors: of all settings.
        solvers: all of the sweep, whose places give the styles.
        titles: of the panels, by setting and noise level, in their order.
        oracle: horizontal lines to compare with; an exact one is only named.
    """
    there = {(error.setting, error.noise_level) for error in errors}
    chosen = panels([place for place in titles if place in there])
    width = WIDTH if len(chosen) == 1 else 1.0 + _PANEL * len(chosen)
    figure = Figure(figsize=(width, 4.4), layout="constrained")
    row = figure.subplots(1, len(chosen), sharex=True, sharey=True, squeeze=False)[0]
    handles: dict[str, Artist] = {}
    for axes, place in zip(row, chosen, strict=True):
        here = [error for error in errors if (error.setting, error.noise_level) == place]
        for number, line in by_solver(here, solvers):
            handles[line[0].label] = _curve(axes, line, style(number))
        axes.set_title(titles[place], fontsize=9)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    compared = [summary for summary in oracle if (summary.setting, summary.noise_level) in chosen]
    make_room(row[0], compared)
    for summary in compared:
        handles |= _oracle(row[chosen.index((summary.setting, summary.noise_level))], summary)
    row[0].set_ylabel("NMSE (dB)")
    counts = "/".join(map(str, sorted({error.n for error in errors})))
    figure.supxlabel(f"layer (aggregate over {counts} signals, 95 % bootstrap intervals)", fontsize=9)
    legend(figure, list(handles.values()), list(handles))
    return figure


def _curve(axes: Axes, errors: Sequence[LayerError], look: Mapping[str, Any]) -> Artist:
    layer, value, low, high = np.array([(e.layer, e.nmse_db, e.nmse_db_low, e.nmse_db_high) for e in errors]).T
    low, high = (np.where(np.isfinite(end), end, value) for end in (low, high))  # none for a single signal
    axes.fill_between(layer, low, high, color=look["color"], alpha=0.18, linewidth=0)
    (line,) = axes.plot(layer, value, markevery=max(1, len(layer) // 8), zorder=3, **look)
    return line


def _oracle(axes: Axes, oracle: Summary) -> dict[str, Artist]:
    """A line under its label, or no more than a note in the title where it is exact."""
    if oracle.nmse_db is None:
        return {}
    if oracle.nmse_db <= EXACT:
        axes.set_title(f"{axes.get_title()}\n(oracle: {oracle.nmse_db:.0f} dB)".lstrip(), fontsize=9)
        return {}
    low, high = oracle.nmse_db_low, oracle.nmse_db_high
    if low is not None and high is not None and np.isfinite([low, high]).all():
        axes.axhspan(low, high, color=ORACLE["color"], alpha=0.18, linewidth=0)
    return {oracle.label: axes.axhline(oracle.nmse_db, **{**ORACLE, "marker": ""})}
