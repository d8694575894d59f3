"""Operators of deepinv as ours; deepinv itself does not have to be installed."""

import importlib
from typing import Any

import torch
from torch import Tensor, nn

from lit_inverse.operators.base import LinearOperator, Operator


def from_deepinv(physics: nn.Module, in_shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Operator:
    """The noise-free A of a deepinv `Physics`, shared by all items; a LinearOperator of a `LinearPhysics`.

    The physics itself is used, not a copy, with the parameters it has; its noise and sensor models are left out. Its
    conventions hold, such as two real channels for a complex image. What autograd and torch.func can do with it
    depends on its code.

    Args:
        physics: a deepinv.physics.Physics (tried with deepinv 0.5).
        in_shape: shape of x without the batch, (C, H, W).
        dtype: of the x it is tried on to learn out_shape; some physics take complex x only.

    Raises:
        ImportError: when deepinv is not installed.
        TypeError: when `physics` is none, or measures anything but one tensor, as a stacked physics does.
        ValueError: when its adjoint returns signals of another shape.
    """
    try:
        deepinv = importlib.import_module("deepinv.physics")
    except ImportError as error:
        raise ImportError("from_deepinv needs the package deepinv: pip install deepinv") from error
    if not isinstance(physics, deepinv.Physics):
        raise TypeError(f"physics is a {type(physics).__name__}, expected a deepinv.physics.Physics")
    return (_LinearPhysics if isinstance(physics, deepinv.LinearPhysics) else _Physics)(physics, in_shape, dtype)


class _Physics(Operator):
    """y = A(x) of any physics."""

    def __init__(self, physics: nn.Module, in_shape: tuple[int, ...], dtype: torch.dtype) -> None:
        super().__init__()
        self.physics: Any = physics
        self.in_shape, self.out_shape = tuple(in_shape), tuple(_measured_zeros(physics, in_shape, dtype).shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        y: Tensor = self.physics.A(x)
        return y


class _LinearPhysics(LinearOperator):
    """y = A x of a linear physics."""

    def __init__(self, physics: nn.Module, in_shape: tuple[int, ...], dtype: torch.dtype) -> None:
        super().__init__()
        self.physics: Any = physics
        y = _measured_zeros(physics, in_shape, dtype)
        self.in_shape, self.out_shape = tuple(in_shape), tuple(y.shape[1:])
        found = tuple(self.adjoint(y).shape[1:])
        if found != self.in_shape:
            raise ValueError(f"A_adjoint of {type(physics).__name__} returns signals {found}, in_shape is {in_shape}")

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        y: Tensor = self.physics.A(x)
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        x: Tensor = self.physics.A_adjoint(y)
        return x


def _measured_zeros(physics: Any, in_shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    device = next((held.device for held in [*physics.buffers(), *physics.parameters()]), None)
    with torch.no_grad():
        y = physics.A(torch.zeros(1, *in_shape, dtype=dtype, device=device))
    if type(y) is not Tensor:
        raise TypeError(f"{type(physics).__name__}.A returns a {type(y).__name__}, expected one tensor")
    return y
