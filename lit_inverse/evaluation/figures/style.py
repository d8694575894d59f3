"""What the figures have in common: styles of solvers, axes, legends, files."""

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

from lit_inverse.evaluation.statistics import Setting

mpl.use("Agg")

Floats = npt.NDArray[np.float64]

WIDTH = 6.4  # inches
DPI = 150  # of a PNG

# Okabe and Ito's colours for the colour-blind. The numbers of colours, markers and dashes have no common divisor.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
_DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]

ORACLE: dict[str, Any] = {"color": "0.45", "marker": "_", "linestyle": (0, (1, 1)), "markersize": 9, "linewidth": 1.6}

_LEGEND_CHARACTERS = 88  # that fit beside each other at the legend's size
_APART = 0.008  # of the axis, between lines of several solvers
MAX_PANELS = 4  # beside each other


class OfSolver(Protocol):
    """What statistics have in common."""

    @property
    def solver(self) -> str: ...
    @property
    def label(self) -> str: ...


P = TypeVar("P")
S = TypeVar("S", bound=OfSolver)


def style(place: int) -> dict[str, Any]:
    """Colour, marker and dash of the solver at a place of the sweep."""
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "marker": _MARKERS[place % len(_MARKERS)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "markersize": 5,
        "linewidth": 1.4,
    }


def by_solver(statistics: Iterable[S], solvers: Sequence[str]) -> list[tuple[int, list[S]]]:
    """The statistics of each solver that has any, with its place in the sweep."""
    lines: dict[str, list[S]] = {}
    for one in statistics:
        lines.setdefault(one.solver, []).append(one)
    return [(place, lines[solver]) for place, solver in enumerate(solvers) if solver in lines]


def panels(settings: Sequence[P]) -> list[P]:
    """At most four settings, evenly chosen with the first and the last, for panels beside each other."""
    if len(settings) <= MAX_PANELS:
        return list(settings)
    return [settings[place] for place in np.linspace(0, len(settings) - 1, MAX_PANELS).round().astype(int)]


class Positions:
    """Where settings lie on the horizontal axis: numbers where they belong, anything else one beside the other.

    The axis is logarithmic when the largest is at least 4 times the smallest (20 times where 0 is among them, which
    then has a place of its own), unless `linear`. Infinity comes after the largest number.
    """

    def __init__(self, settings: Iterable[Setting], linear: bool = False) -> None:
        self.settings = list(dict.fromkeys(settings))
        numbers = [setting for setting in self.settings if not isinstance(setting, str)]
        self.numeric = len(numbers) == len(self.settings)
        finite = sorted(number for number in numbers if number != math.inf)
        self.scale = self._scale(finite) if self.numeric and finite and not linear else "linear"
        self._infinity = self._after(finite) if finite else 0.0

    def _after(self, numbers: Sequence[float]) -> float:
        """One mean step after the largest of some ascending numbers."""
        steps = max(1, len(numbers) - 1)
        if self.scale == "log":
            return numbers[-1] * math.pow(numbers[-1] / numbers[0], 1 / steps)
        return numbers[-1] + (float(numbers[-1] - numbers[0]) / steps or 1.0)

    def _scale(self, numbers: Sequence[float]) -> str:
        positive = [number for number in numbers if number > 0]
        if min(numbers) < 0 or not positive or max(positive) < 4 * min(positive):
            return "linear"
        if min(numbers) > 0:
            return "log"
        return "symlog" if max(positive) >= 20 * min(positive) else "linear"

    def __getitem__(self, setting: Setting) -> float:
        if not self.numeric:
            return float(self.settings.index(setting))
        return self._infinity if setting == math.inf else float(setting)

    def beside(self, at: Floats, place: int, n_lines: int) -> Floats:
        """Where the line at `place` of n_lines lies: a little apart, so that equal ones can be told from each other."""
        apart = _APART * (place - (n_lines - 1) / 2)
        ends = [self[setting] for setting in self.settings]
        moved = at * (max(ends) / min(ends)) ** apart if self.scale == "log" else at + apart * (max(ends) - min(ends))
        return np.asarray(moved)

    def prepare(self, axes: Axes, name: str) -> None:
        """Scale, ticks and name of the horizontal axis."""
        at = sorted((self[setting], setting) for setting in self.settings)
        numbers = [number for number, _ in at]
        if self.scale == "symlog":
            smallest = min(number for number in numbers if number > 0)
            axes.set_xscale("symlog", linthresh=smallest, linscale=0.5)
        else:
            axes.set_xscale(self.scale)
        places = _apart(np.asarray(axes.get_xaxis().get_transform().transform(numbers)))
        axes.set_xticks([numbers[i] for i in places], [shown(at[i][1]) for i in places])
        axes.xaxis.set_minor_locator(FixedLocator(numbers))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(name)


def _apart(at: Any, share: float = 0.06) -> list[int]:
    """Places of ticks whose labels do not meet: `share` of the axis apart."""
    shown, least = [0], share * (at[-1] - at[0])
    for place in range(1, len(at)):
        if at[place] - at[shown[-1]] >= least:
            shown.append(place)
    return shown


def error_axis(axes: Axes, logarithmic: bool, lowest: float | None = None) -> None:
    """Scale and grid of a vertical axis of errors, which begins at 0 or, logarithmic, not below `lowest`."""
    axes.grid(alpha=0.3)
    if not logarithmic:
        axes.set_ylim(bottom=0)
        return
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    low = low if lowest is None else max(low, lowest)
    axes.set_ylim(low, high)
    log_ticks(axes, high / low)


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


def axis_name(symbol: str) -> str:
    """Name of the axis along which the argument `symbol` of the operator runs."""
    return "measurements m" if symbol == "m" else symbol


def shown(setting: Setting) -> str:
    """A setting for people."""
    return setting if isinstance(setting, str) else "∞" if setting == math.inf else f"{setting:g}"


def mse_label(unit: str) -> str:
    """Name of an axis of errors; `unit` as in "x in [0, 1]", empty for vectors."""
    return f"mean squared error ({unit})" if unit else "mean squared error"


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Writes a figure as PNG and PDF; returns the path of the PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.+-]+", "_", name)  # settings may be any text
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    figure.set_layout_engine("none")  # the places stay
    figure.savefig(path.with_suffix(".pdf"))
    return path
