"""Figures of a sweep: error against measurements, and a grid of reconstructions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from lit_inverse.evaluation.statistics import Summary

mpl.use("Agg")

# Okabe and Ito's colours for the colour-blind, with a marker and a dash each for greyscale.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
_DASHES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1))]


def error_against_m(summaries: Sequence[Summary], noise_level: float, mse_unit: str) -> Figure:
    """Mean squared error per pixel against m with 95 % t-intervals, one line per solver, logarithmic axes."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    chosen = [summary for summary in summaries if summary.noise_level == noise_level]
    floor = 0.5 * min(summary.mse_mean for summary in chosen)
    solvers = list(dict.fromkeys(summary.solver for summary in chosen))
    for place, solver in enumerate(solvers):
        line = [summary for summary in chosen if summary.solver == solver]
        m, mean = [s.m for s in line], np.array([s.mse_mean for s in line])
        # a t-interval may reach below zero, which a logarithmic axis cannot show: it is cut at the lower edge
        low = np.maximum([s.mse_low for s in line], floor)
        high = np.array([s.mse_high for s in line])
        style: dict[str, Any] = {
            "color": _COLOURS[place % 7],
            "marker": _MARKERS[place % 7],
            "linestyle": _DASHES[place % 7],
        }
        shift = 1 + 0.012 * (place - (len(solvers) - 1) / 2)  # keeps the bars of different solvers apart
        bars = np.where(np.isfinite([mean - low, high - mean]), [mean - low, high - mean], 0).clip(0)
        axes.errorbar(np.array(m) * shift, mean, yerr=bars, label=line[0].label, capsize=3, markersize=5, **style)
    ticks = sorted({summary.m for summary in chosen})
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(ticks, [str(m) for m in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("measurements m")
    axes.set_ylabel(f"mean squared error per pixel ({mse_unit})")
    counts = sorted({summary.n for summary in chosen})
    axes.set_title(f"mean over {'/'.join(map(str, counts))} images, bars: 95 % t-intervals", fontsize=10)
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False)
    return figure


def reconstruction_grid(
    rows: Mapping[str, Sequence[np.ndarray | None]],
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


def save(figures: Mapping[str, Callable[[], Figure]], folder: Path) -> dict[str, Path]:
    """Writes each figure as a PNG; returns the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, draw in figures.items():
        paths[name] = folder / f"{name}.png"
        draw().savefig(paths[name], dpi=150)
    return paths
