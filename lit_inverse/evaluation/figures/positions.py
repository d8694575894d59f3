"""Where settings and noise levels lie on the horizontal axis."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter

from lit_inverse.evaluation.decibels import Floats
from lit_inverse.evaluation.grouping import Setting, shown

_APART = 0.008  # of the axis, between lines of several solvers


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
