"""What the figures of a sweep have in common: lines of solvers, panels of settings, names of axes."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from lit_inverse.evaluation.grouping import Setting

MAX_PANELS = 4  # beside each other


class Statistic(Protocol):
    """What statistics have in common."""

    @property
    def solver(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def setting(self) -> Setting: ...
    @property
    def noise_level(self) -> float: ...


P = TypeVar("P")
S = TypeVar("S", bound=Statistic)


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


def axis_name(symbol: str) -> str:
    """Name of the axis along which the argument `symbol` of the operator runs."""
    return "measurements m" if symbol == "m" else symbol


def mse_label(unit: str) -> str:
    """Name of an axis of errors; `unit` as in "x in [0, 1]", empty for vectors."""
    return f"mean squared error ({unit})" if unit else "mean squared error"
