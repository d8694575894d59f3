"""What the solvers of a spectral filter share."""

from typing import ClassVar

from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.spectral.filtered import filtered
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice, check_alpha


class SpectralSolver(Solver):
    """x = sum_i F(sigma_i) / sigma_i <y, u_i> v_i, with A = sum_i sigma_i u_i v_i^H; subclasses say F.

    Exact for small A, from a Krylov space for large ones (`singular_system`). The history's "alpha" is the one that was
    used.

    Args:
        alpha: > 0; or how it is chosen (`lit_inverse.solvers.spectral`).
        max_iter: largest number of steps of the bidiagonalisation of large A, which are kept: vectors of n and m each.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    version = 2
    stable = True
    family: ClassVar[Filter]

    def __init__(self, alpha: float | ParameterChoice, max_iter: int) -> None:
        at_least_1(max_iter=max_iter)
        check_alpha(alpha)
        self.alpha, self.max_iter = alpha, max_iter

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        return filtered(given, self.family, self.alpha, self.max_iter)
