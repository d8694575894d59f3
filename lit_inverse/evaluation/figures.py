"""Figures of a sweep, readable in greyscale: each solver has a colour, a marker and a dash."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from lit_inverse.evaluation.comparisons import Comparison
from lit_inverse.evaluation.statistics import Summary

mpl.use("Agg")

Image = npt.NDArray[np.floating[Any]]

# Okabe and Ito's colours for the colour-blind
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
_DASHES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1))]


def _style(place: int) -> dict[str, Any]:
    return {"color": _COLOURS[place % 7], "marker": _MARKERS[place % 7], "linestyle": _DASHES[place % 7]}


def _by_solver(summaries: Sequence[Summary]) -> list[tuple[str, list[Summary]]]:
    solvers = dict.fromkeys(summary.solver for summary in summaries)
    return [(solver, [summary for summary in summaries if summary.solver == solver]) for solver in solvers]


def error_against_m(summaries: Sequence[Summary], noise_level: float, unit: str, logarithmic: bool = True) -> Figure:
    """Mean squared error against m with 95 % t-intervals, one line per solver."""
    chosen = [summary for summary in summaries if summary.noise_level == noise_level]
    return _error_lines(chosen, lambda summary: summary.m, "measurements m", unit, logarithmic)


def error_against_noise(summaries: Sequence[Summary], m: int, unit: str) -> Figure:
    """Mean squared error against the noise level at one m with 95 % t-intervals, one line per solver."""
    chosen = [summary for summary in summaries if summary.m == m]
    return _error_lines(chosen, lambda summary: summary.noise_level, "noise level", unit, True, log_x=False)


def _error_lines(
    summaries: Sequence[Summary],
    position: Callable[[Summary], float],
    name: str,
    unit: str,
    logarithmic: bool,
    log_x: bool = True,
) -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    # a t-interval may reach below zero, which a logarithmic axis cannot show: it is cut at the lower edge
    floor = 0.5 * min(summary.mse_mean for summary in summaries) if logarithmic else -np.inf
    lines = _by_solver(summaries)
    ticks = sorted({position(summary) for summary in summaries})
    for place, (_, line) in enumerate(lines):
        apart = 0.012 * (place - (len(lines) - 1) / 2)  # of the bars of different solvers
        at = np.array([position(summary) for summary in line])
        at = at * (1 + apart) if log_x else at + apart * (ticks[-1] - ticks[0])
        mean = np.array([summary.mse_mean for summary in line])
        low = np.maximum([summary.mse_low for summary in line], floor)
        bars = np.array([mean - low, np.array([summary.mse_high for summary in line]) - mean])
        bars = np.where(np.isfinite(bars), bars, 0).clip(0)
        axes.errorbar(at, mean, yerr=bars, label=line[0].label, capsize=3, markersize=5, **_style(place))
    axes.set_xscale("log" if log_x else "linear")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    _error_axis(axes, unit, logarithmic)
    axes.set_xlabel(name)
    counts = sorted({summary.n for summary in summaries})
    axes.set_title(f"mean over {'/'.join(map(str, counts))} images, bars: 95 % t-intervals", fontsize=10)
    axes.legend(frameon=False)
    return figure


def _error_axis(axes: Axes, unit: str, logarithmic: bool) -> None:
    axes.set_ylabel(f"mean squared error per pixel ({unit})")
    axes.grid(alpha=0.3)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(bottom=0)


def error_against_time(summaries: Sequence[Summary], noise_level: float, unit: str) -> Figure:
    """Mean squared error against seconds per image, a point per m; the lower left is better on both."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for place, (_, line) in enumerate(_by_solver([s for s in summaries if s.noise_level == noise_level])):
        seconds, errors = [s.seconds_mean for s in line], [s.mse_mean for s in line]
        axes.plot(seconds, errors, label=line[0].label, markersize=5, **_style(place))
        for summary in (line[0], line[-1]):
            place_of_m = (summary.seconds_mean, summary.mse_mean)
            axes.annotate(f"m={summary.m}", place_of_m, fontsize=7, xytext=(4, 4), textcoords="offset points")
    axes.set_xscale("log")
    _error_axis(axes, unit, True)
    axes.set_xlabel("solver seconds per image")
    axes.set_title("error against time", fontsize=10)
    axes.legend(frameon=False)
    return figure


def paired_differences(comparisons: Sequence[Comparison], labels: Mapping[str, str], unit: str) -> Figure:
    """Boxes of the paired differences of errors, one row of axes per pair of solvers, one box per m."""
    pairs = list(dict.fromkeys((c.first, c.second) for c in comparisons))
    figure = Figure(figsize=(6.4, 0.6 + 2.0 * len(pairs)), layout="constrained")
    for axes, (first, second) in zip(figure.subplots(len(pairs), 1, squeeze=False)[:, 0], pairs, strict=True):
        chosen = [c for c in comparisons if (c.first, c.second) == (first, second)]
        axes.boxplot([c.differences for c in chosen], showmeans=True, flierprops={"markersize": 3})
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.set_xticks(range(1, len(chosen) + 1), [str(c.m) for c in chosen])
        axes.set_title(f"{labels[first]} minus {labels[second]} (below 0: the former is better)", fontsize=9)
        axes.grid(alpha=0.3, axis="y")
    axes.set_xlabel("measurements m")
    figure.supylabel(f"difference of MSE ({unit})", fontsize=8)
    return figure


def reconstruction_grid(
    rows: Mapping[str, Sequence[Image | None]],
    errors: Mapping[str, Sequence[float | None]],
    low: float,
    high: float,
) -> Figure:
    """Images (C, H, W) in rows: the originals first, then one row per solver with each image's error below.

    Args:
        rows: label -> images; None where there is none.
        errors: label -> mean squared errors, for the labels that have them.
        low: value shown black.
        high: value shown white.
    """
    n_columns = max(map(len, rows.values()))
    figure = Figure(figsize=(1.1 * n_columns + 1.6, 1.25 * len(rows) + 0.2), layout="constrained")
    grid = figure.subplots(len(rows), n_columns, squeeze=False)
    for axes_row, (label, images) in zip(grid, rows.items(), strict=True):
        for column, axes in enumerate(axes_row):
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(False)
            image = images[column] if column < len(images) else None
            if image is not None:
                shown = np.moveaxis((np.clip(image, low, high) - low) / (high - low), 0, -1)
                axes.imshow(shown.squeeze(-1) if shown.shape[-1] == 1 else shown, cmap="gray", vmin=0, vmax=1)
                error = errors.get(label, [None] * n_columns)[column]
                axes.set_xlabel("" if error is None else f"{error:.3g}", fontsize=7, labelpad=1)
        axes_row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9, wrap=True)
    return figure


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Writes a figure as PNG and PDF; returns the path of the PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.pdf")
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=150)
    return path
