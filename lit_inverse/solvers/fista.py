"""FISTA, the accelerated proximal gradient method for sparse x."""

from lit_inverse.bases import Pixel
from lit_inverse.solvers.base import Given, Solver
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.sparse.lasso_objective import LamUnit, absolute_lam, check_settings
from lit_inverse.solvers.sparse.minimum import trace_of
from lit_inverse.solvers.sparse.proximal_gradient import accelerated_proximal_gradient
from lit_inverse.solvers.sparse.synthesis import Synthesis


class FISTA(Solver):
    """x = argmin 1/2 ||A x - y||^2 + lam ||x||_1 for a real, sparse x (Beck and Teboulle 2009, Sec. 4).

    Started at x = 0 with the step 1 / ||A||^2, so that iterate k is within 2 ||A||^2 ||x*||^2 / (k + 1)^2 of the
    minimum (Theorem 4.4, without restart; 2 % more, because ||A|| is rounded up). The textbook method, to compare with;
    `Lasso` reaches the same minimum faster.

    Args:
        lam: weight of the l1 norm, > 0.
        lam_unit: of `lam`; see `Lasso`.
        max_iter: largest number of steps.
        gap: relative duality gap at which an item stops; see `Lasso`. 0 for all `max_iter` steps (or until the gap is
            down to rounding error).
        restart: restarts the momentum when it points uphill (gradient scheme of O'Donoghue and Candes 2015, Sec. 3.2),
            which is faster in practice.
        momentum: false for ISTA (Daubechies, Defrise, De Mol 2004), whose iterates are not extrapolated.

    Raises:
        ValueError: when a setting is impossible or A is not linear.
    """

    stable = True

    def __init__(
        self,
        lam: float = 1e-3,
        lam_unit: LamUnit = "absolute",
        max_iter: int = 1000,
        gap: float = 1e-4,
        restart: bool = True,
        momentum: bool = True,
    ) -> None:
        check_settings(lam, lam_unit, max_iter, gap)
        self.lam = lam
        self.lam_unit: LamUnit = lam_unit
        self.max_iter = max_iter
        self.gap = gap
        self.restart = restart
        self.momentum = momentum

    def _solve(self, given: Given) -> Solution:
        y = given.y
        system = Synthesis(given.operator, Pixel(), y.dtype)
        target = system.measurements(y)
        minimum = accelerated_proximal_gradient(
            system,
            target,
            absolute_lam(self.lam, self.lam_unit, system, target),
            target.new_zeros(len(target), system.n),
            max_iter=self.max_iter,
            gap=self.gap,
            adaptive=False,
            restart=self.restart,
            momentum=self.momentum,
            on_iterate=trace_of(given.trace, system.signals),
        )
        return minimum.solution(system.signals, given.trace)
