"""Error against m, any other argument of the operator, or noise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lit_inverse.evaluation.figures.measure import EXACT, Measure, make_room, measure_of, measured_axis
from lit_inverse.evaluation.figures.style import ORACLE, WIDTH, Positions, axis_name, by_solver, legend, style
from lit_inverse.evaluation.statistics import Setting, Summary


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
    curves = _Curves(positions, lambda summary: summary.setting, axis_name(symbol), unit, logarithmic)
    return curves.draw(summaries, solvers, oracle, title)


def error_against_noise(
    summaries: Sequence[Summary],
    solvers: Sequence[str],
    name: str,
    unit: str,
    logarithmic: bool = True,
    title: str = "",
    oracle: Sequence[Summary] = (),
    in_db: bool = False,
) -> Figure:
    """Error at one setting against the noise level with 95 % bands, one line per solver; `in_db`: levels in dB."""
    positions = Positions((summary.noise_level for summary in summaries), linear=in_db)
    curves = _Curves(positions, lambda summary: summary.noise_level, name, unit, logarithmic)
    return curves.draw(summaries, solvers, oracle, title)


@dataclass(frozen=True)
class _Curves:
    positions: Positions
    position: Callable[[Summary], Setting]
    name: str
    unit: str
    logarithmic: bool

    def draw(
        self, summaries: Sequence[Summary], solvers: Sequence[str], oracle: Sequence[Summary], title: str
    ) -> Figure:
        figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
        axes = figure.subplots()
        measure = measure_of(summaries, self.unit)
        # a t-interval may reach below zero, where a logarithmic axis ends: its band then runs off the lower edge
        is_bounded = self.logarithmic and not measure.in_db
        lowest = 0.4 * min(summary.mse_mean for summary in summaries) if is_bounded else None
        handles: list[Artist] = []
        lines = by_solver(summaries, solvers)
        for place, line in lines:
            handles += self._line(axes, line, measure, style(place), (place, len(solvers)), lowest)
        self.positions.prepare(axes, self.name)
        measured_axis(axes, measure, self.logarithmic, lowest)
        labels = [line[0].label for _, line in lines]
        if measure.in_db and any(measure.of(summary)[0] > EXACT for summary in oracle):
            make_room(axes, oracle)
            handles += self._line(axes, oracle, measure, ORACLE, (0, 1), None)
            labels.append(oracle[0].label)
        shown = measure.title([summary.n for summary in summaries])
        axes.set_title(f"{title}: {shown}" if title else shown, fontsize=9)
        legend(figure, handles, labels)
        return figure

    def _line(
        self,
        axes: Axes,
        line: Sequence[Summary],
        measure: Measure,
        look: Mapping[str, Any],
        place: tuple[int, int],
        lowest: float | None,
    ) -> list[Line2D]:
        """Values, bands and bars of one solver, `place` among how many; the axis keeps its limits for the oracle."""
        at = self.positions.beside(np.array([self.positions[self.position(summary)] for summary in line]), *place)
        value, low, high = np.array([measure.of(summary) for summary in line]).T
        low, high = (np.where(np.isfinite(end), end, value) for end in (low, high))  # none for a single image
        low = low if lowest is None else np.maximum(low, lowest / 10)
        handles = axes.plot(at, value, zorder=3, **look)
        if len(at) > 1 and self.positions.numeric:
            axes.fill_between(at, low, high, color=look["color"], alpha=0.13, linewidth=0)
        bars = [value - low, high - value]
        axes.errorbar(at, value, bars, fmt="none", ecolor=look["color"], capsize=2.5, elinewidth=0.9)
        return handles
