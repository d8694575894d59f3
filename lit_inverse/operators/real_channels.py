"""Complex images as real ones of twice as many channels."""

import torch
from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator


class OnRealChannels(LinearOperator):
    """x -> A(x_1 + i x_2) for real x = (x_1, x_2), (B, 2 C, H, W), whose first C channels are the real part.

    Its adjoint is (Re A^H y, Im A^H y), so that the norm is that of A.

    Args:
        operator: A, on complex images (C, H, W).

    Raises:
        ValueError: when A does not act on images.
    """

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__()
        if len(operator.in_shape) != 3:
            raise ValueError(f"A acts on {operator.in_shape}, expected images (C, H, W)")
        self.operator = operator
        self.in_shape = (2 * operator.in_shape[0], *operator.in_shape[1:])
        self.out_shape, self.n_items = operator.out_shape, operator.n_items

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        if x.is_complex():
            raise ValueError(f"x is {x.dtype}, expected its real and imaginary parts as channels")
        y: Tensor = self.operator(from_real_channels(x))
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        return to_real_channels(self.operator.adjoint(y))

    def norm(self) -> Tensor:
        return self.operator.norm()

    def take(self, index: Index) -> LinearOperator:
        return OnRealChannels(self.operator.take(index))


def to_real_channels(x: Tensor) -> Tensor:
    """Complex (B, C, H, W) to real (B, 2 C, H, W): the real parts, then the imaginary ones."""
    return torch.cat([x.real, x.imag], 1)


def from_real_channels(x: Tensor) -> Tensor:
    """The inverse of `to_real_channels`; also of more axes in front of the channels."""
    real, imaginary = x.chunk(2, -3)
    return torch.complex(real.contiguous(), imaginary.contiguous())
