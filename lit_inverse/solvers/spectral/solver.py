"""What the solvers of a spectral filter share."""

from typing import ClassVar

import torch

from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice, check_alpha, chosen
from lit_inverse.solvers.spectral.singular_system import singular_system


class SpectralSolver(Solver):
    """x = sum_i F(sigma_i) / sigma_i <y, u_i> v_i, with A = sum_i sigma_i u_i v_i^H; subclasses say F.

    Exact for small A, from a Krylov space for large ones (`singular_system`): MAX_ITER where that is not complete. At
    once: every iterate that is asked for is x. The history's "alpha" is the one that was used, in its own precision;
    rounded, it might be on the other side of a singular value.

    Args:
        alpha: > 0; or how it is chosen (`lit_inverse.solvers.spectral`).
        max_iter: largest number of steps of the bidiagonalisation of large A, which are kept: vectors of n and m each.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    version = 3
    stable = True
    family: ClassVar[Filter]

    def __init__(self, alpha: float | ParameterChoice, max_iter: int) -> None:
        at_least_1(max_iter=max_iter)
        check_alpha(alpha)
        self.alpha, self.max_iter = alpha, max_iter

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        y, operator = given.y, require_linear(given.operator)
        system = singular_system(operator, y, self.max_iter)
        alpha = chosen(self.alpha, system, self.family, given.sigma.square() * operator.m)
        x = system.signals(self.family, alpha).view(-1, *operator.in_shape)
        return Solution(
            x=x,
            status=[Status.CONVERGED if one else Status.MAX_ITER for one in system.complete.tolist()],
            n_iter=torch.full((len(y),), system.n_steps or 0, device=y.device),
            history={"alpha": alpha[None]},
            iterates=given.trace.stack(x),
        )
