"""Error against m, any other argument of the operator, or noise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lit_inverse.drawing import ORACLE, WIDTH, legend, style
from lit_inverse.evaluation.figures.measure import EXACT, Measure, make_room, measure_of
from lit_inverse.evaluation.figures.positions import Positions
from lit_inverse.evaluation.figures.style import Statistic, axis_name, by_solver
from lit_inverse.evaluation.grouping import Setting
from lit_inverse.evaluation.statistics import Summary


def error_against_setting(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    symbol: str,
    unit: str,
    logarithmic: bool = True,
    title: str = "",
    oracle: Sequence[Summary] = (),
) -> Figure:
    """Error at one noise level against m, or what `symbol` says, with 95 % bands, one line per solver.

    The mean squared error, or the aggregate NMSE in dB where summaries have it.

    Args:
        summaries: of one noise level.
        solvers: all of the sweep, whose places give the styles.
        symbol: of the argument that is the setting.
        unit: of x, as in "x in [0, 1]"; empty for vectors.
        logarithmic: the axis of mean squared errors.
        title: above the axes.
        oracle: a grey line to compare with, in dB, which leaves the axes where it is exact.
    """
    positions = Positions(summary.setting for summary in summaries)
    measure = measure_of(summaries, unit, logarithmic)
    return Curves(positions, lambda one: one.setting, axis_name(symbol), measure).draw(
        summaries, solvers, title, oracle
    )


def error_against_noise(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    name: str,
    unit: str,
    title: str = "",
    oracle: Sequence[Summary] = (),
    in_db: bool = False,
) -> Figure:
    """Error at one setting against the noise level with 95 % bands, one line per solver; `in_db`: levels in dB."""
    positions = Positions((summary.noise_level for summary in summaries), linear=in_db)
    measure = measure_of(summaries, unit)
    return Curves(positions, lambda one: one.noise_level, name, measure).draw(summaries, solvers, title, oracle)


@dataclass(frozen=True)
class Curves:
    """A measure of statistics against what `position` takes of them, called `name`."""

    positions: Positions
    position: Callable[[Statistic], Setting]
    name: str
    measure: Measure

    def draw(
        self,
        statistics: Sequence[Statistic],
        solvers: Sequence[str],
        title: str = "",
        oracle: Sequence[Summary] = (),
    ) -> Figure:
        """A line per solver with its intervals, in the style of its place among `solvers`."""
        figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
        axes = figure.subplots()
        lowest = self.measure.lowest(statistics)
        handles: list[Artist] = []
        lines = by_solver(statistics, solvers)
        for place, line in lines:
            handles += self._line(axes, line, style(place), (place, len(solvers)), lowest)
        self.positions.prepare(axes, self.name)
        self.measure.prepare(axes, lowest)
        labels = [line[0].label for _, line in lines]
        if self.measure.scale == "dB" and any(self.measure.of(one)[0] > EXACT for one in oracle):
            make_room(axes, oracle)
            handles += self._line(axes, oracle, ORACLE, (0, 1), lowest)
            labels.append(oracle[0].label)
        axes.set_title(f"{title}: {self.measure.title}" if title else self.measure.title, fontsize=9)
        legend(figure, handles, labels)
        return figure

    def _line(
        self,
        axes: Axes,
        line: Sequence[Statistic],
        look: Mapping[str, Any],
        place: tuple[int, int],
        lowest: float,
    ) -> list[Line2D]:
        """Values, bands and bars of one solver, `place` among how many; the axis keeps its limits for the oracle."""
        at = self.positions.beside(np.array([self.positions[self.position(one)] for one in line]), *place)
        value, low, high = np.array([self.measure.of(one) for one in line]).T
        low, high = (np.where(np.isfinite(end), end, value) for end in (low, high))  # none for a single image
        low = np.maximum(low, lowest / 10)
        handles = axes.plot(at, value, zorder=3, clip_on=self.measure.top is None, **look)
        if len(at) > 1 and self.positions.numeric:
            axes.fill_between(at, low, high, color=look["color"], alpha=0.13, linewidth=0)
        bars = np.array([value - low, high - value]).clip(0)
        axes.errorbar(at, value, bars, fmt="none", ecolor=look["color"], capsize=2.5, elinewidth=0.9)
        return handles
