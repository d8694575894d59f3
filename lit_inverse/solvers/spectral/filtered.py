"""The solution of a filter, of a given or chosen alpha."""

import torch

from lit_inverse.solvers.base import Given
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice, chosen
from lit_inverse.solvers.spectral.singular_system import singular_system


def filtered(given: Given, family: Filter, alpha: float | ParameterChoice, max_iter: int) -> Solution:
    """x = sum_i F(sigma_i) / sigma_i <y, u_i> v_i, at once: every iterate that is asked for is x.

    The history has "alpha". MAX_ITER when the singular system is that of an incomplete Krylov space.
    """
    y, operator = given.y, require_linear(given.operator)
    system = singular_system(operator, y, max_iter)
    alphas = chosen(alpha, system, family, given.sigma.square() * operator.m)
    x = system.signals(family, alphas).view(-1, *operator.in_shape)
    return Solution(
        x=x,
        status=[Status.CONVERGED if one else Status.MAX_ITER for one in system.complete.tolist()],
        n_iter=torch.full((len(y),), system.n_steps or 0, device=y.device),
        history={"alpha": alphas.to(y.real.dtype)[None]},
        iterates=given.trace.stack(x),
    )
