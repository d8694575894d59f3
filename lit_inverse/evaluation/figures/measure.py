"""Which error a figure shows: mean squared error, or NMSE in dB of data without a range of values."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lit_inverse.evaluation.figures.style import error_axis, mse_label
from lit_inverse.evaluation.statistics import Summary

EXACT = -120  # dB; from float32 measurements without noise the oracle's x is exact up to rounding, near -150
_MARGIN = 0.04  # of the height


@dataclass(frozen=True)
class Measure:
    """What is drawn of a Summary.

    Attributes:
        names: of its entries: the value, and the ends of its interval.
        label: of the axis.
        items: what the statistic is over.
        statistic: which it is, and its interval.
        in_db: whether it is a logarithm already.
    """

    names: tuple[str, str, str]
    label: str
    items: str
    statistic: tuple[str, str]
    in_db: bool

    def of(self, summary: Summary) -> tuple[float, float, float]:
        """The value and its interval."""
        value, low, high = (getattr(summary, name) for name in self.names)
        return value, low, high

    def title(self, counts: Sequence[int]) -> str:
        """What is shown, over how many items."""
        before, after = self.statistic
        return f"{before} over {'/'.join(map(str, sorted(set(counts))))} {self.items}, {after}"


def measure_of(summaries: Sequence[Summary], unit: str) -> Measure:
    """NMSE in dB where all summaries have it, otherwise the MSE; `unit` as in "x in [0, 1]"."""
    if all(summary.nmse_db is not None for summary in summaries):
        names = "nmse_db", "nmse_db_low", "nmse_db_high"
        return Measure(names, "NMSE (dB)", "signals", ("aggregate", "95 % bootstrap intervals"), in_db=True)
    names = "mse_mean", "mse_low", "mse_high"
    return Measure(names, mse_label(unit), "images", ("mean", "95 % t-intervals"), in_db=False)


def measured_axis(axes: Axes, measure: Measure, logarithmic: bool, lowest: float | None = None) -> None:
    """Scale, grid and name of a vertical axis of errors."""
    if measure.in_db:
        axes.grid(alpha=0.3)
    else:
        error_axis(axes, logarithmic, lowest)
    axes.set_ylabel(measure.label)


def make_room(axes: Axes, oracle: Sequence[Summary]) -> None:
    """Lowers the end of an axis in dB to that of the oracle, but for an exact one."""
    low, high = axes.get_ylim()
    values = [one.nmse_db for one in oracle if one.nmse_db is not None and one.nmse_db > EXACT]
    axes.set_ylim(min([low, *(value - _MARGIN * (high - value) for value in values)]), high)
