"""Signals observed as they are: denoising."""

from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import column


class Identity(LinearOperator):
    """y = x, so that y = x + eta is the problem of denoising. Returns its argument itself, not a copy.

    Args:
        in_shape: shape of x without the batch.
    """

    def __init__(self, in_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.in_shape = self.out_shape = tuple(in_shape)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return y

    def norm(self) -> Tensor:
        return self.like.new_ones(())

    def pinv(self, y: Tensor) -> Tensor:
        return self.adjoint(y)

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return y / (1 + column(rho, y))
