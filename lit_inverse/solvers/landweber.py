"""The Landweber iteration."""

import torch

from lit_inverse.operators import Operator
from lit_inverse.operators.items import column, norm
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status

_CHECK = 10  # steps between two looks at whether all items have stopped


class Landweber(Solver):
    """x_{k+1} = x_k + step A^H (y - A x_k) from x_0 = 0 with step = 1 / ||A||^2 (Landweber 1951).

    Gradient descent on 1/2 ||A x - y||^2: x_k = sum_i (1 - (1 - step sigma_i^2)^k) / sigma_i <y, u_i> v_i, so that the
    number of steps regularises as 1 / alpha does elsewhere. It is the deep prior of a network that is nothing but its
    output (Dittmer et al. 2020, Sec. 3.1).

    Args:
        max_iter: number of steps, at most.
        tau: an item stops, STOPPED_EARLY, at the first iterate with ||A x - y|| <= tau sqrt(m) sigma (the discrepancy
            principle; sigma is told to `solve`); null for all steps.

    The history's "residual" has ||A x_k - y||.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    stable = True

    def __init__(self, max_iter: int = 1000, tau: float | None = None) -> None:
        at_least_1(max_iter=max_iter)
        positive(tau=tau)
        self.max_iter, self.tau = max_iter, tau

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        y, operator, trace = given.y, require_linear(given.operator), given.trace
        x = torch.zeros_like(operator.adjoint(y))
        step = 1 / operator.norm().square().to(y.real.dtype).clamp_min(torch.finfo(y.dtype).tiny).expand(len(y))
        goal = (self.tau or 0) * given.sigma * operator.m**0.5
        n_iter, residuals = torch.zeros(len(y), dtype=torch.int64, device=y.device), []
        for k in range(self.max_iter + 1):
            trace.record(k, x)
            rest = y - operator(x)
            residuals.append(norm(rest))
            going = (residuals[-1] > goal) | (goal == 0)
            if k == self.max_iter or (self.tau and k % _CHECK == 0 and not bool(going.any())):
                break
            x = x + column(torch.where(going, step, 0), x) * operator.adjoint(rest)
            n_iter += going
        return Solution(
            x=x,
            status=[Status.MAX_ITER if one else Status.STOPPED_EARLY for one in going.tolist()],
            n_iter=n_iter,
            history={"residual": torch.stack(residuals)},
            iterates=trace.stack(x),
        )
