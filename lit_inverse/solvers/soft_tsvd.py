"""The soft truncated singular value decomposition, which the analytic deep prior leads to."""

from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.spectral.filtered import filtered
from lit_inverse.solvers.spectral.filters import SOFT_TSVD as FAMILY
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice, check_alpha


class SoftTSVD(Solver):
    """x = sum_i min(1 / sigma_i, 1 / (2 sqrt(alpha))) <y, u_i> v_i, with A = sum_i sigma_i u_i v_i^H.

    Dittmer et al. 2018, eq. 4.22: the x(B) = (B^H B + alpha I)^-1 B^H y of least ||A x(B) - y|| among all B with the
    singular vectors of A (Theorem 4.1). The null space of A is left at 0. Exact for small A, from a Krylov space for
    large ones (`singular_system`).

    Args:
        alpha: > 0; singular values below 2 sqrt(alpha) are damped. Or how it is chosen
            (`lit_inverse.solvers.spectral`).
        max_iter: largest number of steps of the bidiagonalisation of large A, which are kept: vectors of n and m each.

    The history's "alpha" is the one that was used.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    stable = True

    def __init__(self, alpha: float | ParameterChoice = 1e-3, max_iter: int = 100) -> None:
        at_least_1(max_iter=max_iter)
        check_alpha(alpha)
        self.alpha, self.max_iter = alpha, max_iter

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        return filtered(given, FAMILY, self.alpha, self.max_iter)
