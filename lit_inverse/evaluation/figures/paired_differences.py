"""Boxes of paired differences."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, SymmetricalLogLocator

from lit_inverse.drawing import WIDTH
from lit_inverse.evaluation.comparisons import Comparison
from lit_inverse.evaluation.figures.style import axis_name
from lit_inverse.evaluation.grouping import shown

_TITLE_CHARACTERS = 50
_MAX_TICKS = 14
_MAX_PAIRS = 10  # beyond it, those with the solver that is best most often


def paired_differences(comparisons: Sequence[Comparison], labels: Mapping[str, str], symbol: str, unit: str) -> Figure:
    """Differences of squared errors on the same images at one noise level, a panel per pair, a box per setting."""
    pairs = _chosen(comparisons)
    n_columns = 1 if len(pairs) <= 3 else 2
    n_rows = -(-len(pairs) // n_columns)
    figure = Figure(figsize=(WIDTH * (1 if n_columns == 1 else 1.5), 0.9 + 1.9 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes, pair in zip(grid, pairs, strict=False):
        _panel(axes, [c for c in comparisons if (c.first, c.second) == pair])
        first, second = (labels[solver] for solver in pair)
        between = " " if len(first + second) < _TITLE_CHARACTERS else "\n"
        axes.set_title(f"{first}{between}minus {second}", fontsize=9)
    for axes in grid[len(pairs) :]:
        axes.set_visible(False)
    figure.supxlabel(f"{axis_name(symbol)} (*: different beyond chance, Holm-corrected p < 0.05)", fontsize=9)
    figure.supylabel("difference of MSE" + (f" ({unit})" if unit else ""), fontsize=9)
    figure.suptitle("below 0 the first is better; box: quartiles, diamond: mean, circles: outliers", fontsize=9)
    return figure


def _chosen(comparisons: Sequence[Comparison]) -> list[tuple[str, str]]:
    pairs = list(dict.fromkeys((c.first, c.second) for c in comparisons))
    if len(pairs) <= _MAX_PAIRS:
        return pairs
    better = [c.first if c.difference < 0 else c.second for c in comparisons]
    best = max(dict.fromkeys(better), key=better.count)
    return [pair for pair in pairs if best in pair]


def _panel(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    _scale(axes, comparisons)
    axes.boxplot(
        [c.differences for c in comparisons],
        showmeans=True,
        widths=0.5,
        medianprops={"color": "black", "linewidth": 1.6},
        meanprops={"marker": "D", "markersize": 5, "markerfacecolor": "white", "markeredgecolor": "black"},
        flierprops={"markersize": 3},
    )
    axes.axhline(0, color="0.5", linewidth=0.8)
    names = [shown(c.setting) for c in comparisons]
    stars = ["" if c.better is None else "*" for c in comparisons]
    every = -(-len(names) // _MAX_TICKS)
    axes.set_xticks(range(1, len(names) + 1, every), [n + s for n, s in zip(names, stars, strict=True)][::every])
    axes.tick_params(labelbottom=True, labelsize=8)
    axes.grid(alpha=0.3, axis="y")


def _scale(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    """Linear around 0 and logarithmic beyond where differences are of several sizes: the small ones stay visible."""
    sizes = [float(np.median(np.abs(c.differences))) for c in comparisons]
    if max(sizes) > 20 * min(sizes) > 0:
        unit = 10.0 ** np.floor(np.log10(max(min(sizes), 1e-3 * max(sizes))))
        axes.set_yscale("symlog", linthresh=unit, linscale=0.7)
        axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=unit))
        axes.yaxis.set_minor_locator(NullLocator())
