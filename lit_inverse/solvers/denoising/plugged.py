"""A denoiser plugged into a reconstruction: whatever methods with one have in common before they begin."""

import copy
import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers import BM3D, Denoiser
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.real_parts import from_parts, real_parts, rms
from lit_inverse.solvers.base import Solver
from lit_inverse.solvers.denoising.noise_levels import NoiseLevels
from lit_inverse.solvers.least_squares.column_norm import column_norm


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

    def start(self, initial: Solver | None, sigma: Tensor, seeds: list[int]) -> Tensor:
        """The answer of a solver, or zeros, (B, C, H, W)."""
        zeros = self.zeros()
        if initial is None:
            return zeros
        solution = initial.solve(self.y, self.operator, sigma=sigma, value_range=self.denoiser.value_range, seeds=seeds)
        return solution.x.to(zeros.dtype)

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

    def take(self, index: Tensor) -> "Plugged":
        """For the selected items."""
        chosen = {name: getattr(self, name)[index] for name in ("y", "noise", "size")}
        return dataclasses.replace(self, operator=self.operator.take(index), **chosen)


def grey_bm3d() -> BM3D:
    """BM3D with profile "lc" in grey levels 0 to 255, the denoiser where none is given."""
    return BM3D("lc", (0.0, 255.0))


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


def check_problem(operator: Operator, denoiser: Denoiser, initial: Solver | None = None) -> None:
    """Refuses an operator that is not linear or whose x is no image for the denoiser, or that `initial` refuses."""
    if not isinstance(operator, LinearOperator):
        raise ValueError(f"{type(operator).__name__} is not linear, expected a LinearOperator: take another solver")
    if len(operator.in_shape) != 3:
        raise ValueError(f"x has shape {operator.in_shape}, expected images (C, H, W): take another solver")
    if denoiser.channels is not None and operator.in_shape[0] not in denoiser.channels:
        expected = " or ".join(map(str, denoiser.channels))
        name = type(denoiser).__name__
        raise ValueError(f"x has {operator.in_shape[0]} channels, {name} takes {expected}: take another denoiser")
    if initial is not None:
        initial.check_all(operator, denoiser.value_range)
