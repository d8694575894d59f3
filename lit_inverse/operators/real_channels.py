"""Complex images as real ones of twice as many channels."""

import torch
from torch import Tensor

from lit_inverse.operators.base import LinearOperator


class ComplexFromChannels(LinearOperator):
    """(x_1, x_2) -> x_1 + i x_2, images (B, 2 C, H, W) to (B, C, H, W); A^H z = (z, -i z).

    Args:
        out_shape: (C, H, W) of the complex images.

    Raises:
        ValueError: when they are no images.
    """

    def __init__(self, out_shape: tuple[int, ...]) -> None:
        super().__init__()
        if len(out_shape) != 3 or min(out_shape) < 1:
            raise ValueError(f"out_shape is {tuple(out_shape)}, expected (C, H, W), all at least 1")
        self.in_shape, self.out_shape = (2 * out_shape[0], *out_shape[1:]), tuple(out_shape)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        real, imaginary = x.chunk(2, 1)
        if x.is_complex():
            return real + 1j * imaginary
        return torch.complex(real.contiguous(), imaginary.contiguous())

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return torch.cat([y, -1j * y], 1)


def on_real_channels(operator: LinearOperator) -> LinearOperator:
    """x -> A (x_1 + i x_2) for real x = (x_1, x_2), with the adjoint (Re A^H y, Im A^H y), so that its norm is ||A||.

    Raises:
        ValueError: when A does not act on images.
    """
    return (operator @ ComplexFromChannels(operator.in_shape)).on_reals()
