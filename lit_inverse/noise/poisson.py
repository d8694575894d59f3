"""Photon counts."""

import math

import torch
from torch import Tensor

from lit_inverse.noise.base import Noise, check_level, check_real

_ROUNDING = 1e-5  # of the largest entry: A x that is >= 0 but for the rounding of a float32 FFT


class Poisson(Noise):
    """y_i = gain Poisson((A x)_i / gain): mean (A x)_i, variance gain (A x)_i; the level is the gain.

    gain is the value of y that one photon counts for, 1 / gain the photons at (A x)_i = 1 (the "peak" of images in
    [0, 1]); the noise vanishes as gain -> 0, and 0 is none. The Poisson part of Foi et al. 2008; gain is their a.

    Raises:
        ValueError: when the gain is negative or not finite, or measurements are negative or complex.
    """

    def __init__(self, gain: float = 0.0) -> None:
        self.level = check_level("gain", gain)

    def sigma(self, clean: Tensor) -> float:
        return math.sqrt(self.level * float(self._counted(clean).mean()))

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        rate = self._counted(clean)
        if self.level == 0:
            return clean
        photons = torch.poisson((rate / self.level).to("cpu", torch.float32), generator=source)
        return self.level * photons.to(clean.device, clean.dtype)

    def _counted(self, clean: Tensor) -> Tensor:
        check_real(self, clean)
        if clean.min() < -_ROUNDING * clean.abs().max():
            raise ValueError(
                f"Poisson noise needs measurements A x >= 0, got {float(clean.min()):.3g}: take data with a "
                "value_range from 0 and an A without negative entries"
            )
        return clean.clamp_min(0)
