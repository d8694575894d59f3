"""When a fit ends, and which of its iterates is the answer."""

from lit_inverse.solvers.fitting.stopping.base import Decision, StoppingRule, Watch
from lit_inverse.solvers.fitting.stopping.convergence import UntilConvergence
from lit_inverse.solvers.fitting.stopping.discrepancy import Discrepancy
from lit_inverse.solvers.fitting.stopping.exit_window import ExitWindow
from lit_inverse.solvers.fitting.stopping.hold_out import HoldOut
from lit_inverse.solvers.fitting.stopping.moving_variance import ExponentialMovingVariance, WindowedMovingVariance
from lit_inverse.solvers.fitting.stopping.sure import SURE

__all__ = [
    "SURE",
    "Decision",
    "Discrepancy",
    "ExitWindow",
    "ExponentialMovingVariance",
    "HoldOut",
    "StoppingRule",
    "UntilConvergence",
    "Watch",
    "WindowedMovingVariance",
]
