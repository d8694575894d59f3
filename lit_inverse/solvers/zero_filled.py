"""The image of the measured frequencies alone."""

import torch

from lit_inverse.operators import Operator
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status


class ZeroFilled(Solver):
    """x = A^H y: of orthonormal Fourier measurements, the inverse transform with zeros where nothing was measured.

    Of k-space of several coils it is the image of each coil; their root sum of squares is Roemer's combination.

    Raises:
        ValueError: when A is not linear.
    """

    stable = True

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        x = require_linear(given.operator).adjoint(given.y)
        n_iter = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        return Solution(x, [Status.CONVERGED] * len(x), n_iter, iterates=given.trace.stack(x))
