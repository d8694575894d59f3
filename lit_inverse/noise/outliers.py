"""Noise with outliers: heavy tails, or a few entries that are wrong altogether."""

import math

import torch
from torch import Tensor

from lit_inverse.noise.base import Noise, check_level
from lit_inverse.noise.gaussian import add_gaussian


class StudentT(Noise):
    """eta_i = sigma sqrt((dof - 2) / dof) t_i, t_i Student-t of dof degrees of freedom; the level is sigma.

    Drawn as R cos(theta) with R^2 = dof (U^(-2/dof) - 1), U and theta / 2 pi uniform (Bailey 1994, Math. Comp. 62,
    779-781), exact for each dof > 0. Complex entries are R exp(i theta), circular, E|eta_i|^2 = sigma^2.

    Args:
        sigma: standard deviation of each entry.
        dof: > 2, where the variance is finite; outliers are the larger the smaller it is.

    Raises:
        ValueError: when sigma is negative or not finite, or dof <= 2.
    """

    def __init__(self, sigma: float = 0.0, dof: float = 3.0) -> None:
        self.level = check_level("sigma", sigma)
        if not 2 < dof < math.inf:
            raise ValueError(f"dof is {dof}, expected a finite number > 2: below, the variance is infinite")
        self.dof = dof

    def sigma(self, clean: Tensor) -> float:
        return self.level

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        if self.level == 0:
            return clean
        u, turns = torch.rand(2, *clean.shape, generator=source, dtype=torch.float32)
        radius = torch.expm1(torch.log1p(-u) * (-2 / self.dof)).mul(self.dof - 2).sqrt()  # 1 - u is in (0, 1]
        angle = 2 * math.pi * turns
        eta = torch.polar(radius, angle) / math.sqrt(2) if clean.is_complex() else radius * angle.cos()
        return clean + self.level * eta.to(clean.device, clean.dtype)


class GrossErrors(Noise):
    """round(fraction m) entries of y, at random places, are replaced by +-amplitude; the level is the fraction.

    Signs are fair (complex entries get a uniform phase). The other entries get Gaussian noise of standard deviation
    `background`. Sparse gross errors as in Wright and Ma 2010, here with y_i lost rather than added to. For one seed a
    larger fraction spoils more entries, and those of a smaller one too. With `Sign` and amplitude 1 half of the
    entries replaced are flipped bits.

    Args:
        fraction: of the entries, 0 to 1.
        amplitude: in units of y.
        background: sigma of the Gaussian noise on the other entries, in units of y.

    Raises:
        ValueError: when a number is out of its range.
    """

    def __init__(self, fraction: float = 0.0, amplitude: float = 1.0, background: float = 0.0) -> None:
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction is {fraction}, expected a number from 0 to 1")
        self.level = fraction
        self.amplitude = check_level("amplitude", amplitude)
        self.background = check_level("background", background)

    def sigma(self, clean: Tensor) -> float:
        """Root mean square of y - A x over all entries, places and signs."""
        spoilt = self._number(clean) / clean.numel()
        gross = self.amplitude**2 + float(clean.abs().square().mean())
        return math.sqrt(spoilt * gross + (1 - spoilt) * self.background**2)

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        order = torch.randperm(clean.numel(), generator=source)  # before all else: the same places for each fraction
        turns = torch.rand(clean.numel(), generator=source, dtype=torch.float32)
        y = add_gaussian(clean, self.background, source).flatten()
        places = order[: self._number(clean)]
        if clean.is_complex():
            gross = torch.polar(torch.full_like(turns, self.amplitude), 2 * math.pi * turns)
        else:
            gross = torch.where(turns < 0.5, -self.amplitude, self.amplitude)
        return y.index_copy(0, places.to(y.device), gross[places].to(y.device, y.dtype)).view(clean.shape)

    def _number(self, clean: Tensor) -> int:
        return round(self.level * clean.numel())
