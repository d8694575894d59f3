"""A denoiser plugged into a reconstruction: whatever methods with one have in common before they begin."""

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.solvers.base import Solver
from lit_inverse.solvers.column_norm import column_norm
from lit_inverse.solvers.divergence import from_parts, ready, real_parts
from lit_inverse.solvers.message_passing import check_images, rms
from lit_inverse.solvers.noise_levels import NoiseLevels

GREY_LEVELS = (0.0, 255.0)


@dataclass(frozen=True)
class Plugged:
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
    def of(cls, denoiser: Denoiser, box: bool, operator: Operator, y: Tensor, sigma: Tensor) -> "Plugged":
        """For measurements y whose entries have noise of standard deviation sigma (B,)."""
        assert isinstance(operator, LinearOperator)
        operator = operator.on_reals() if box else operator
        noise = sigma / math.sqrt(2) if y.is_complex() else sigma
        return cls(ready(denoiser, y), box, operator, y, noise, column_norm(operator).expand(len(y)))

    @property
    def grey_level(self) -> float:
        """1/255 of the denoiser's value range."""
        low, high = self.denoiser.value_range
        return (high - low) / 255

    def start(self, initial: Solver | None, sigma: Tensor, seeds: list[int]) -> Tensor:
        """The answer of a solver, or zeros, (B, C, H, W)."""
        zeros = torch.zeros_like(self.operator.adjoint(self.y))
        if initial is None:
            return zeros
        solution = initial.solve(self.y, self.operator, sigma=sigma, value_range=self.denoiser.value_range, seeds=seeds)
        return solution.x.to(zeros.dtype)

    def levels(self, x: Tensor, first: float | None, last: float, n_iter: int, n_stages: int) -> NoiseLevels:
        """From `first` grey levels, or ||y - A x|| / sqrt(m), to `last`, or the noise in y where that is more.

        Of the measurements' levels, divided by the size of the columns; m counts real numbers.
        """
        lowest = (self.noise / self.size).clamp_min(last * self.grey_level)
        found = rms(self.y - self.operator(x)) / self.size
        highest = found if first is None else torch.full_like(found, first * self.grey_level)
        return NoiseLevels(torch.maximum(highest, lowest), lowest, n_iter, min(n_stages, n_iter))

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        """D(x; sigma) for x (B, C, H, W), real and imaginary part as two images, and sigma (B,) of each part."""
        parts = real_parts(x)
        estimate: Tensor = self.denoiser(parts.flatten(0, 1), sigma.repeat_interleave(parts.shape[1]))
        x_hat = from_parts(estimate.view_as(parts))
        return x_hat.clamp(*self.denoiser.value_range) if self.box else x_hat

    def take(self, index: Tensor) -> "Plugged":
        """For the selected items."""
        operator, (y, noise, size) = (
            self.operator.take(index),
            (part[index] for part in (self.y, self.noise, self.size)),
        )
        return dataclasses.replace(self, operator=operator, y=y, noise=noise, size=size)


def check_settings(positive: dict[str, float | None], counts: dict[str, int], tol: float) -> None:
    """Refuses impossible settings."""
    for name, value in positive.items():
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}, expected a finite number > 0")
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} is {count}, expected at least 1")
    if not 0 <= tol < math.inf:
        raise ValueError(f"tol is {tol}, expected a finite number >= 0")


def check_problem(denoiser: Denoiser, initial: Solver | None, operator: Operator) -> None:
    """Refuses an operator that is not linear or whose x is no image for the denoiser, or that `initial` refuses."""
    check_images(denoiser, operator)
    if initial is not None:
        initial.check_all(operator, denoiser.value_range)
