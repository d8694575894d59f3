"""Until the objective falls no more."""

from typing import ClassVar

from lit_inverse.settings import at_least_1, below_1
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import Decision, Lowest, StoppingRule, Watch
from lit_inverse.solvers.solution import Status


class UntilConvergence(StoppingRule):
    """Ends a fit when its smallest objective has not fallen by the share `tol` within `patience` iterations.

    The answer is the iterate of smallest objective. It suits what does not overfit (little noise, deep decoders).
    """

    status: ClassVar[Status] = Status.CONVERGED

    def __init__(self, tol: float = 1e-2, patience: int = 100) -> None:
        at_least_1(patience=patience)
        below_1(tol=tol)
        self.tol, self.patience = tol, patience

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Convergence(Lowest(descent.data.sigma, self.patience, self.tol))


class _Convergence(Watch):
    def __init__(self, lowest: Lowest) -> None:
        self.lowest = lowest

    def see(self, iterate: Iterate) -> Decision:
        return self.lowest.see(iterate.objective)
