"""How figures look: size, colours, legends, ticks, files."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

mpl.use("Agg")

WIDTH = 6.4  # inches
DPI = 150  # of a PNG

# Okabe and Ito's colours for the colour-blind. The numbers of colours, markers and dashes have no common divisor.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
_DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]

ORACLE: dict[str, Any] = {"color": "0.45", "marker": "_", "linestyle": (0, (1, 1)), "markersize": 9, "linewidth": 1.6}

_LEGEND_CHARACTERS = 88  # that fit beside each other at the legend's size


def style(place: int) -> dict[str, Any]:
    """Colour, marker and dash of the solver at a place of the sweep."""
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "marker": _MARKERS[place % len(_MARKERS)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "markersize": 5,
        "linewidth": 1.4,
    }


def log_ticks(axes: Axes, ratio: float) -> None:
    """Ticks of a vertical logarithmic axis that spans `ratio`: 1, 2, 5 over three decades, powers of ten over more."""
    if ratio > 2000:
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        return
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """A legend above the axes, where it covers nothing, in as many columns as fit."""
    room = _LEGEND_CHARACTERS * figure.get_figwidth() / WIDTH
    n_columns = next((n for n in range(len(labels), 1, -1) if _legend_width(labels, n) <= room), 1)
    figure.legend(handles, labels, loc="outside upper center", ncols=n_columns, frameon=False, fontsize=9)


def _legend_width(labels: Sequence[str], n_columns: int) -> int:
    """In characters; matplotlib fills column by column, and the first ones are longer by one where some have to be."""
    n_rows, n_longer = divmod(len(labels), n_columns)
    ends = list(itertools.accumulate(n_rows + (column < n_longer) for column in range(n_columns)))
    return sum(9 + max(map(len, labels[first:last])) for first, last in itertools.pairwise([0, *ends]))


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Writes a figure as PNG and PDF; returns the path of the PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.+-]+", "_", name)  # settings may be any text
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    figure.set_layout_engine("none")  # the places stay
    figure.savefig(path.with_suffix(".pdf"))
    return path
