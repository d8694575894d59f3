"""The integration operator, the standard small ill-posed problem."""

import math

import torch
from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import column


class Integration(LinearOperator):
    """y(t) = integral of x from 0 to t, on [0, 1] (Dittmer et al. 2020, App. III): A has h/2 on its diagonal, h below.

    The mid-point rule with h = 1/n, applied as a running sum. Its singular value decomposition is known in closed form:
    with theta_j = (j - 1/2) pi / n, j = 1..n, sigma_j = (h/2) cot(theta_j / 2), which tends to that of integration,
    1 / ((j - 1/2) pi); the vectors are those of the orthonormal DST-IV and DCT-IV.

    Args:
        n: number of points; 200 in the paper.
        in_shape: (n,), as a sweep gives it in place of n.

    Raises:
        ValueError: when there is no point, or x is not a vector.
    """

    def __init__(self, n: int | None = None, in_shape: tuple[int, ...] | None = None) -> None:
        super().__init__()
        if n is not None and in_shape not in (None, (n,)):
            raise ValueError(f"n is {n} and in_shape {in_shape}, expected one of them, or ({n},)")
        self.in_shape = self.out_shape = (200 if n is None else n,) if in_shape is None else tuple(in_shape)
        if len(self.in_shape) != 1 or self.n < 1:
            raise ValueError(f"in_shape is {self.in_shape}, expected (n,) with n >= 1")

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return (x.cumsum(1) - x / 2) / self.n

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return (y.flip(1).cumsum(1).flip(1) - y / 2) / self.n

    def singular_system(self, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """U (n, n), the singular values (n,) in falling order, and V (n, n): A = U diag(sigma) V^T; O(n^2) memory.

        Args:
            like: gives the device and the real precision.
        """
        theta = (torch.arange(self.n, dtype=torch.float64) + 0.5) * (math.pi / self.n)
        phase = (torch.arange(self.n, dtype=torch.float64)[:, None] + 0.5) * theta
        scale = math.sqrt(2 / self.n)
        system = scale * phase.sin(), 0.5 / self.n / (theta / 2).tan(), scale * phase.cos()
        u, sigma, v = (part.to(like.device, like.real.dtype) for part in system)
        return u, sigma, v

    def norm(self) -> Tensor:
        return self.like.new_tensor(0.5 / self.n / math.tan(math.pi / (4 * self.n)))

    def pinv(self, y: Tensor) -> Tensor:
        """The inverse, forward substitution of x_i + x_{i-1} = (2/h) (y_i - y_{i-1}): a sum of alternating signs."""
        self.check_batch(y, self.out_shape, "y")
        signs = 1 - 2 * (torch.arange(self.n, device=y.device) % 2).to(y.real.dtype)
        slopes = 2 * self.n * (y - torch.nn.functional.pad(y, (1, 0))[:, :-1])
        return signs * (signs * slopes).cumsum(1)

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        u, sigma, _ = self.singular_system(y)
        u = u.to(y.dtype)
        return (y @ u / (sigma**2 + column(rho, y))) @ u.mT
