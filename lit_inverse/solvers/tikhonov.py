"""Tikhonov regularisation."""

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column, rms
from lit_inverse.operators.krylov import cg_steps
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status
from lit_inverse.solvers.spectral.filters import TIKHONOV
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice, check_alpha, chosen
from lit_inverse.solvers.spectral.singular_system import singular_system

_MOST_STEPS = 100  # of the bidiagonalisation of large A from which alpha is chosen
_ROUNDING = 1.001  # of norms


class Tikhonov(Solver):
    """x = argmin ||A x - y||^2 + alpha ||x||^2, that is (A^H A + alpha I) x = A^H y, by conjugate gradients.

    Hestenes and Stiefel 1952 on the normal equations: iterate k minimises the objective over a Krylov space of k
    dimensions, and few iterations regularise by themselves. With the sensitivities of several coils, and a small alpha,
    it is CG-SENSE (Pruessmann et al. 2001).

    Args:
        alpha: weight of ||x||^2, > 0; or how it is chosen (`lit_inverse.solvers.spectral`), from the singular values of
            A, of a large A from at most `max_iter` steps of a bidiagonalisation, but not more than 100.
        max_iter: largest number of steps.
        tol: relative residual of the normal equations at which an item has converged; null for 10 times the rounding
            error.

    The history's "alpha" is the one that was used. An item that rounding or overflow leads away from y is 0, and
    DIVERGED.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    version = 3
    stable = True

    def __init__(self, alpha: float | ParameterChoice = 1e-3, max_iter: int = 2000, tol: float | None = None) -> None:
        at_least_1(max_iter=max_iter)
        check_alpha(alpha)
        if tol is not None:
            positive(tol=tol)
        self.alpha, self.max_iter, self.tol = alpha, max_iter, tol

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        operator, trace = require_linear(given.operator), given.trace
        alpha = self._alpha(given, operator)
        tol = self.tol or 10 * torch.finfo(given.y.dtype).eps
        b = operator.adjoint(given.y)
        steps = cg_steps(lambda v: operator.normal(v) + column(alpha, v) * v, b, self.max_iter, tol)
        for k, step in enumerate(steps):
            trace.record(k, step.x)
        # each step makes the objective less, so that no x fits y less than 0 does but by rounding
        sound = torch.isfinite(b).flatten(1).all(1) & (rms(operator(step.x) - given.y) <= _ROUNDING * rms(given.y))
        done = (step.residual <= tol) | (b.flatten(1) == 0).all(1)
        ends = [Status.CONVERGED if one else Status.MAX_ITER for one in done.tolist()]
        return Solution(
            x=torch.where(column(sound, step.x), step.x, 0),
            status=[end if ok else Status.DIVERGED for end, ok in zip(ends, sound.tolist(), strict=True)],
            n_iter=step.n_steps,
            history={"alpha": alpha[None]},
            iterates=trace.stack(step.x),
        )

    def _alpha(self, given: Given, operator: LinearOperator) -> Tensor:
        """alpha (B,)."""
        if not isinstance(self.alpha, ParameterChoice):
            return torch.full_like(given.sigma, self.alpha)
        system = singular_system(operator, given.y, min(self.max_iter, _MOST_STEPS))
        return chosen(self.alpha, system, TIKHONOV, given.sigma.square() * operator.m).to(given.sigma.dtype)
