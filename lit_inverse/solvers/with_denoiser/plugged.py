"""A denoiser plugged into a reconstruction: whatever methods with one have in common before they begin."""

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators import LinearOperator
from lit_inverse.operators.items import from_parts, real_parts, rms
from lit_inverse.solvers.base import Given
from lit_inverse.solvers.batch import Batch
from lit_inverse.solvers.least_squares.column_norm import column_norm
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.with_denoiser.noise_levels import NoiseLevels


@dataclass(frozen=True)
class Plugged(Batch):
    """A denoiser and the problem it is to solve, in the value range of the denoiser.

    Attributes:
        denoiser: D, on the device of y.
        box: whether estimates are clipped to its value range; x is then real.
        operator: A, for real x if box.
        y: (B, *out_shape).
        noise: standard deviation of the real numbers in y, (B,).
        size: root mean square of the norms of the columns of A, (B,).
    """

    denoiser: Denoiser
    box: bool
    operator: LinearOperator
    y: Tensor
    noise: Tensor
    size: Tensor

    @classmethod
    def of(cls, denoiser: Denoiser, box: bool, given: Given) -> "Plugged":
        """For a linear operator."""
        y, operator = given.y, require_linear(given.operator)
        operator = operator.on_reals() if box else operator
        noise = given.sigma / math.sqrt(2) if y.is_complex() else given.sigma
        denoiser = copy.deepcopy(denoiser).to(y.device).eval()
        return cls(denoiser, box, operator, y, noise, column_norm(operator).expand(len(y)))

    @property
    def grey_level(self) -> float:
        """1/255 of the denoiser's value range."""
        low, high = self.denoiser.value_range
        return (high - low) / 255

    def zeros(self) -> Tensor:
        """x = 0, (B, C, H, W)."""
        return torch.zeros_like(self.operator.adjoint(self.y))

    def levels(self, x: Tensor, first: float | None, last: float, n_iter: int, n_stages: int) -> NoiseLevels:
        """From `first` grey levels, or ||y - A x|| / sqrt(m), to `last`, or the noise in y where that is more.

        Of the measurements' levels, divided by the size of the columns; m counts real numbers.
        """
        lowest = (self.noise / self.size).clamp_min(last * self.grey_level)
        found = rms(self.remainder(x)) / self.size
        highest = found if first is None else torch.full_like(found, first * self.grey_level)
        return NoiseLevels(torch.maximum(highest, lowest), lowest, n_iter, min(n_stages, n_iter))

    def remainder(self, x: Tensor) -> Tensor:
        """y - A x, (B, *out_shape)."""
        remainder: Tensor = self.y - self.operator(x)
        return remainder

    def residual(self, remainder: Tensor) -> Tensor:
        """||A x - y|| / ||y||, (B,), of y - A x, where y is no weaker than noise of one grey level would be."""
        return rms(remainder) / torch.maximum(rms(self.y), self.size * self.grey_level)

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        """D(x; sigma) for x (B, C, H, W), real and imaginary part as two images, and sigma (B,) of each part."""
        parts = real_parts(x)
        estimate: Tensor = self.denoiser(parts.flatten(0, 1), sigma.repeat_interleave(parts.shape[1]))
        return self.boxed(from_parts(estimate.view_as(parts)))

    def boxed(self, x: Tensor) -> Tensor:
        """x, clipped to the value range of the denoiser if `box`."""
        return x.clamp(*self.denoiser.value_range) if self.box else x
