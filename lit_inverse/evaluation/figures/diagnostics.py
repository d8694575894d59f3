"""Constants of theory beside the errors that they are meant to explain."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from lit_inverse.drawing import WIDTH, legend, style
from lit_inverse.evaluation.constant_means import Constant
from lit_inverse.evaluation.figures.measure import measure_of
from lit_inverse.evaluation.figures.positions import Positions
from lit_inverse.evaluation.figures.style import axis_name, by_solver
from lit_inverse.evaluation.statistics import Summary

_LOGARITHMIC_FROM = 10  # ratio of the largest to the smallest value
_MOST_SHOWN = 1000  # the same: smaller ones leave the axis
_SINGLE = {"color": "black", "marker": "o", "linestyle": "none", "markersize": 5}


class Panel(NamedTuple):
    """What one pair of axes shows: its title, the name of the vertical axis, and lines by their label."""

    title: str
    axis: str
    lines: Mapping[str, Sequence[Constant]]


def constants_against_setting(
    summaries: Sequence[Summary], panels: Sequence[Panel], labels: Mapping[str, str], symbol: str, unit: str
) -> Figure:
    """Errors of all solvers at one noise level against m, or what `symbol` says, and beside them panels of constants.

    Lines that bear a solver's label have its style. Bars: 95 % t-intervals of the means over images or operators.
    """
    n_columns = 2 if len(panels) in (1, 3) else 3
    n_rows = math.ceil((1 + len(panels)) / n_columns)
    figure = Figure(figsize=(0.62 * WIDTH * n_columns, 3.1 * n_rows + 0.4), layout="constrained")
    places = figure.subplots(n_rows, n_columns, squeeze=False).flat
    positions = Positions(summary.setting for summary in summaries)
    measure, styles = measure_of(summaries, unit), {label: style(i) for i, label in enumerate(labels.values())}
    handles = {}
    for place, line in by_solver(summaries, [*labels]):
        values = [measure.of(one) for one in line]
        bars = [tuple(end if math.isfinite(end) else value for end in (low, high)) for value, low, high in values]
        settings = [positions[one.setting] for one in line]
        handles[line[0].label] = _line(places[0], settings, [value for value, *_ in values], bars, style(place))
    places[0].set_title("reconstruction error", fontsize=10)
    measure.prepare(places[0], measure.lowest(summaries))
    for axes, panel in zip(places[1:], panels, strict=False):
        own: dict[str, Line2D] = {}
        for number, (label, found) in enumerate(panel.lines.items()):
            settings = [positions[one.setting] for one in found]
            bars = [(one.value - _error(one), one.value + _error(one)) for one in found]
            look = styles.get(label) or style(len(labels) + number)
            handle = _line(axes, settings, [one.value for one in found], bars, look)
            own |= {} if label in styles else {label: handle}
        if own:
            axes.legend(own.values(), own.keys(), fontsize=8)
        axes.set_title(panel.title, fontsize=10)
        axes.set_ylabel(panel.axis, fontsize=9)
        axes.grid(alpha=0.3)
        _scale(axes, "y", [one.value for line in panel.lines.values() for one in line])
    for axes in places[: 1 + len(panels)]:
        positions.prepare(axes, axis_name(symbol))
    for axes in places[1 + len(panels) :]:
        axes.set_visible(False)
    legend(figure, list(handles.values()), list(handles))
    return figure


def constants_of_solvers(
    summaries: Sequence[Summary], constants: Sequence[Constant], axes_of: Mapping[str, Sequence[str]], unit: str
) -> Figure:
    """A row per solver at one setting and noise level: its error, and its constants with their range over images.

    Means over images; what is less than 1/1000 of the largest constant is not shown, nor are solvers without an error.
    """
    rows = [summary.label for summary in summaries]
    constants = [one for one in constants if one.label in rows]
    panels = [(axis, kinds) for axis, kinds in axes_of.items() if any(one.kind in kinds for one in constants)]
    widths = [0.8, *([1.5] + [0.8] * len(panels))[: len(panels)]]
    size = (0.55 * WIDTH * sum(widths), 1.4 + 0.42 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    places = figure.subplots(1, 1 + len(panels), sharey=True, width_ratios=widths, squeeze=False)[0]
    measure = measure_of(summaries, unit)
    for row, summary in enumerate(summaries):
        value, low, high = measure.of(summary)
        _range(places[0], row, value, low, high, _SINGLE)
    places[0].set_xlabel(measure.label, fontsize=9)
    _scale(places[0], "x", [measure.of(summary)[0] for summary in summaries])
    for axes, (axis, kinds) in zip(places[1:], panels, strict=True):
        handles = {}
        for number, kind in enumerate(kinds):
            for one in (one for one in constants if one.kind == kind and one.value > 0):
                at = rows.index(one.label) + 0.14 * (number - (len(kinds) - 1) / 2)
                look = style(number) | {"linestyle": "none"} if len(kinds) > 1 else _SINGLE
                handles[kind] = _range(axes, at, one.value, one.least, one.largest, look)
        _scale(axes, "x", [one.value for one in constants if one.kind in kinds])
        axes.set_xlabel(axis, fontsize=9)
        if len(handles) > 1:
            above = (0.5, 1)
            axes.legend(handles.values(), handles.keys(), fontsize=8, ncols=4, loc="lower center", bbox_to_anchor=above)
    for axes in places:
        axes.grid(alpha=0.3)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.5, -0.5)
    return figure


def _error(one: Constant) -> float:
    return one.error if math.isfinite(one.error) else 0.0


def _line(
    axes: Axes,
    at: Sequence[float],
    values: Sequence[float],
    ends: Sequence[tuple[float, ...]],
    look: Mapping[str, Any],
) -> Line2D:
    value, (low, high) = np.array(values), np.array(ends).T
    (handle,) = axes.plot(at, value, zorder=3, **look)
    bars = np.array([value - low, high - value]).clip(0)
    axes.errorbar(at, value, bars, fmt="none", ecolor=look["color"], capsize=2.5, elinewidth=0.9)
    return handle


def _range(axes: Axes, row: float, value: float, low: float, high: float, look: Mapping[str, Any]) -> Line2D:
    """A marker, and a bar from low to high where they are numbers."""
    (handle,) = axes.plot([value], [row], zorder=3, **look)
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([max(low, 1e-3 * value), high], [row, row], color=look["color"], linewidth=1)
    return handle


def _scale(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Logarithmic where the values span a decade, otherwise from 0; what is not positive is left out of the first."""
    largest = max(values, default=0.0)
    positive = [value for value in values if _MOST_SHOWN * value > largest > 0]
    if not positive or largest <= _LOGARITHMIC_FROM * min(positive):
        axes.set(**{f"{which}lim": (0, None)})
        return
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    low = max(low, 0.4 * min(positive))
    axes.set(**{f"{which}lim": (low, high)})
    if high < _MOST_SHOWN * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 100 * low else (1.0, 3.0)))
        axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())
