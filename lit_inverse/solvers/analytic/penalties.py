"""Penalties R of the analytic deep prior, by their proximal mappings, which gradients pass."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from lit_inverse.operators.image_gradient import gradient, gradient_adjoint
from lit_inverse.operators.items import column, on_parts
from lit_inverse.settings import at_least_1


class Penalty(ABC):
    """A convex R."""

    @abstractmethod
    def prox(self, x: Tensor, weight: Tensor) -> Tensor:
        """argmin_u 1/2 ||u - x||^2 + weight R(u), (B, *in_shape), for weights (B,) or (1,) > 0."""


class L2(Penalty):
    """R = 1/2 ||x||^2."""

    def prox(self, x: Tensor, weight: Tensor) -> Tensor:
        return x / (1 + column(weight, x))


class L1(Penalty):
    """R = ||x||_1."""

    def prox(self, x: Tensor, weight: Tensor) -> Tensor:
        return x.sgn() * (x.abs() - column(weight, x)).clamp_min(0)


class TV(Penalty):
    """R = sum of |differences| of neighbours, in a vector, or in the rows and columns of an image (anisotropic).

    By fast gradient projection on the dual (Beck, Teboulle 2009, IEEE TIP 18(11), Sec. IV), of which gradients pass
    every step. Of a complex x the real and the imaginary part have a TV each.

    Args:
        max_iter: number of steps.

    Raises:
        ValueError: when it is below 1.
    """

    def __init__(self, max_iter: int = 50) -> None:
        at_least_1(max_iter=max_iter)
        self.max_iter = max_iter

    def prox(self, x: Tensor, weight: Tensor) -> Tensor:
        image = x if x.ndim == 4 else x.view(len(x), 1, 1, -1)
        return on_parts(lambda part: self._denoised(part, column(weight, part)), image).view_as(x)

    def _denoised(self, x: Tensor, weight: Tensor) -> Tensor:
        scaled, norm = x / weight, 4 * max(1, sum(side > 1 for side in x.shape[2:]))  # >= ||D||^2
        p = q = torch.zeros_like(gradient(x, periodic=False))
        t = 1.0
        for _ in range(self.max_iter):
            slope = gradient(scaled - gradient_adjoint(q, periodic=False), periodic=False)
            p, previous = (q + slope / norm).clamp(-1, 1), p
            t, momentum = (1 + (1 + 4 * t**2) ** 0.5) / 2, t - 1
            q = p + momentum / t * (p - previous)
        return x - weight * gradient_adjoint(p, periodic=False)
