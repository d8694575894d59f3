"""Time against error."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from lit_inverse.drawing import legend, style
from lit_inverse.evaluation.figures.measure import Measure, measure_of
from lit_inverse.evaluation.figures.style import panels
from lit_inverse.evaluation.grouping import shown
from lit_inverse.evaluation.statistics import Summary


def error_against_time(summaries: Sequence[Summary], solvers: Sequence[str], symbol: str, unit: str) -> Figure:
    """Error against seconds per image at one noise level, a panel for each of up to four settings.

    The mean squared error, or the aggregate NMSE in dB where summaries have it.
    A grey step joins the solvers that no other one beats in both.
    """
    measure = measure_of(summaries, unit)
    settings = panels(list(dict.fromkeys(summary.setting for summary in summaries)))
    figure = Figure(figsize=(max(4.8, 1.3 + 2.1 * len(settings)), 3.6), layout="constrained")
    row = figure.subplots(1, len(settings), sharex=True, sharey=True, squeeze=False)[0]
    seconds = [summary.seconds_mean for summary in summaries]
    handles: dict[str, Artist] = {}
    for axes, setting in zip(row, settings, strict=True):
        chosen = [summary for summary in summaries if summary.setting == setting]
        for summary in chosen:
            look = {**style(solvers.index(summary.solver)), "linestyle": "none", "markersize": 7}
            value, low, high = measure.of(summary)
            (handles[summary.label],) = axes.plot(summary.seconds_mean, value, zorder=3, **look)
            if np.isfinite(low):
                low = low if measure.scale == "dB" else max(low, value / 100)
                axes.vlines(summary.seconds_mean, low, high, color=look["color"], linewidth=0.9)
        front = _front(chosen, measure)
        axes.step(
            [summary.seconds_mean for summary in front],
            [measure.of(summary)[0] for summary in front],
            where="post",
            color="0.6",
            linewidth=1,
            zorder=1,
        )
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_xlim(0.5 * min(seconds), 2 * max(seconds))
        axes.set_title(f"{symbol} = {shown(setting)}", fontsize=9)
    measure.prepare(row[0], measure.lowest(summaries))
    for axes in row[1:]:
        axes.grid(alpha=0.3)
    figure.supxlabel(f"solver time per {'signal' if measure.scale == 'dB' else 'image'} (s)", fontsize=10)
    legend(figure, list(handles.values()), list(handles))
    return figure


def _front(summaries: Sequence[Summary], measure: Measure) -> list[Summary]:
    """The solvers that none beats in both time and error, by time."""
    front: list[Summary] = []
    for summary in sorted(summaries, key=lambda summary: (summary.seconds_mean, measure.of(summary)[0])):
        if not front or measure.of(summary)[0] < measure.of(front[-1])[0]:
            front.append(summary)
    return front
