"""Layers divided by their largest singular value."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lit_inverse.seeding import generator

_FIRST_ITERATIONS = 30  # before training; afterwards one per step, which follows the slowly changing weights


def spectral_norm(layer: nn.Module, in_shape: tuple[int, ...]) -> None:
    """Makes a linear layer or convolution, on inputs of this shape, one with ||W||_2 = 1 (Miyato et al. 2018, Sec. 2).

    Their W of a convolution is its weight as a matrix (out, in k^2), whose norm is not that of the convolution: at
    5 x 5 and stride 2 this may be 3 times as large, for each layer. Here it is the convolution's own, by the same power
    iteration (App. A) on images instead of vectors. It is a lower bound, near the norm after a few steps.

    Args:
        layer: `nn.Linear` or `nn.Conv2d`, with its initial weights.
        in_shape: shape of its inputs, without the batch.
    """
    parametrize.register_parametrization(layer, "weight", _Normalized(layer, in_shape))


class _Normalized(nn.Module):
    """weight / ||W||_2; in training each call improves the singular vector u by one power iteration."""

    u: Tensor

    def __init__(self, layer: nn.Module, in_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.options: dict[str, Any] | None = None  # of a convolution
        if isinstance(layer, nn.Conv2d):
            self.options = {"stride": layer.stride, "padding": layer.padding}
        u = torch.randn(1, *in_shape, generator=generator(0), dtype=torch.float32)
        weight: Tensor = layer.weight  # type: ignore[assignment]
        self.register_buffer("u", u.to(weight))
        with torch.no_grad():
            for _ in range(_FIRST_ITERATIONS):
                self._iterate(weight)

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            if self.training:
                self._iterate(weight.detach())
            norm: Tensor = torch.linalg.vector_norm(self._times(weight, self.u.clone()))
            return weight / norm

    def _times(self, weight: Tensor, u: Tensor) -> Tensor:
        return F.linear(u, weight) if self.options is None else F.conv2d(u, weight, **self.options)

    def _iterate(self, weight: Tensor) -> None:
        with torch.enable_grad():  # W' is the gradient of <v, W u>
            u = self.u.clone().requires_grad_()
            v = self._times(weight, u)
            (adjoint,) = torch.autograd.grad(v, u, v.detach())
        self.u.copy_(F.normalize(adjoint.flatten(), dim=0).view_as(u))
