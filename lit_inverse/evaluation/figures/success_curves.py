"""The phase transition: how often a solver succeeds, against m."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from lit_inverse.evaluation.figures.error_curves import Curves
from lit_inverse.evaluation.figures.measure import Measure
from lit_inverse.evaluation.figures.positions import Positions
from lit_inverse.evaluation.figures.style import axis_name
from lit_inverse.evaluation.success import SuccessRate


def success_against_setting(
    rates: Sequence[SuccessRate], solvers: Sequence[str], symbol: str, title: str = ""
) -> Figure:
    """Success rate at one noise level against m (or what `symbol` says) with 95 % Wilson bands, one line per solver."""
    success = f"success: ||x_hat - x||² / ||x||² ≤ {rates[0].threshold:g}, 95 % Wilson intervals"
    measure = Measure(("rate", "low", "high"), "success rate", success, "linear", top=1)
    positions = Positions(rate.setting for rate in rates)
    return Curves(positions, lambda one: one.setting, axis_name(symbol), measure).draw(rates, solvers, title)
