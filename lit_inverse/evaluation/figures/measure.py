"""What a figure shows of a statistic: mean squared error, NMSE in dB of data without a range of values, or others."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from lit_inverse.drawing import log_ticks
from lit_inverse.evaluation.figures.style import Statistic, mse_label
from lit_inverse.evaluation.statistics import Summary

EXACT = -120  # dB; from float32 measurements without noise the oracle's x is exact up to rounding, near -150
_MARGIN = 0.04  # of the height


@dataclass(frozen=True)
class Measure:
    """What is drawn of a statistic.

    Attributes:
        names: of its entries: the value, and the ends of its interval.
        label: of the axis.
        title: which statistic it is, over what, and its interval.
        scale: of the axis: logarithmic, from 0 on, or that of a logarithm.
        top: end of a linear axis; None for that of the values.
    """

    names: tuple[str, str, str]
    label: str
    title: str
    scale: Literal["log", "linear", "dB"]
    top: float | None = None

    def of(self, statistic: Statistic) -> tuple[float, float, float]:
        """The value and its interval."""
        value, low, high = (getattr(statistic, name) for name in self.names)
        return value, low, high

    def lowest(self, statistics: Iterable[Statistic]) -> float:
        """End of the axis: a t-interval may reach below 0, and its band then runs off the edge of a logarithmic one."""
        return 0.4 * min(self.of(one)[0] for one in statistics) if self.scale == "log" else -math.inf

    def prepare(self, axes: Axes, lowest: float) -> None:
        """Scale, grid and name of the vertical axis."""
        axes.grid(alpha=0.3)
        axes.set_ylabel(self.label)
        if self.scale == "linear":
            axes.set_ylim(0, self.top)
        elif self.scale == "log":
            axes.set_yscale("log")
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, lowest), high)
            log_ticks(axes, high / max(low, lowest))


def measure_of(summaries: Sequence[Summary], unit: str, logarithmic: bool = True) -> Measure:
    """NMSE in dB where all summaries have it, otherwise the MSE; `unit` as in "x in [0, 1]"."""
    n = "/".join(map(str, sorted({summary.n for summary in summaries})))
    if all(summary.nmse_db is not None for summary in summaries):
        names = "nmse_db", "nmse_db_low", "nmse_db_high"
        return Measure(names, "NMSE (dB)", f"aggregate over {n} signals, 95 % bootstrap intervals", "dB")
    names = "mse_mean", "mse_low", "mse_high"
    counted = "volumes" if any(summary.n < summary.images for summary in summaries) else "images"
    title = f"mean over {n} {counted}, 95 % t-intervals"
    return Measure(names, mse_label(unit), title, "log" if logarithmic else "linear")


def make_room(axes: Axes, oracle: Sequence[Summary]) -> None:
    """Lowers the end of an axis in dB to that of the oracle, but for an exact one."""
    low, high = axes.get_ylim()
    values = [one.nmse_db for one in oracle if one.nmse_db is not None and one.nmse_db > EXACT]
    axes.set_ylim(min([low, *(value - _MARGIN * (high - value) for value in values)]), high)
