"""Denoising by soft thresholds in an orthonormal wavelet basis."""

import math
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.bases import Wavelet as WaveletBasis
from lit_inverse.bases import check_wavelet
from lit_inverse.denoisers.base import Denoiser
from lit_inverse.settings import not_negative, one_of

Rule = Literal["bayes", "universal"]


class Wavelet(Denoiser):
    """Psi soft(Psi^T x, tau) with an orthonormal wavelet transform Psi^T, periodised, channel by channel.

    "bayes": tau = sigma^2 / sigma_b in each subband b, sigma_b^2 = max(mean(z_b^2) - sigma^2, 0), and all of b is set
    to zero where that is 0 (BayesShrink: Chang, Yu, Vetterli 2000, eqs. 12 to 14). "universal": tau = sigma
    sqrt(2 log N), N pixels (Donoho, Johnstone 1994). The coarsest lowpass part is kept. Images whose sides are no
    multiples of 2^level are mirrored at the lower right border for the transform.

    Args:
        wavelet: an orthogonal wavelet of PyWavelets.
        level: number of levels, fewer on images too small for them; none, and x unchanged, on those one pixel wide.
        rule: of the thresholds.
        value_range: (low, high) of clean images.

    Raises:
        ValueError: when the wavelet is unknown or not orthogonal, or the rule or level is none.
    """

    def __init__(
        self,
        wavelet: str = "db4",
        level: int = 4,
        rule: Rule = "bayes",
        value_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__(value_range)
        check_wavelet(wavelet)
        one_of(Rule, rule=rule)
        not_negative(level=level)
        self.wavelet = wavelet
        self.level = level
        self.rule = rule

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        height, width = x.shape[2:]
        level = min(self.level, int(math.log2(min(height, width))))
        mirrored = _mirrored(x, 2**level)
        basis = WaveletBasis(tuple(mirrored.shape[1:]), self.wavelet, level, mirrored)
        z = basis.analysis(mirrored)
        for depth in range(1, level + 1):
            rows, columns = mirrored.shape[2] >> depth, mirrored.shape[3] >> depth
            for down, right in ((0, 1), (1, 0), (1, 1)):
                band = (..., slice(down * rows, (down + 1) * rows), slice(right * columns, (right + 1) * columns))
                tau = self._threshold(z[band], sigma.view(-1, 1, 1, 1), height * width)
                z[band] = z[band].sign() * (z[band].abs() - tau).clamp(min=0)
        return basis.synthesis(z)[..., :height, :width]

    def _threshold(self, band: Tensor, sigma: Tensor, n_pixels: int) -> Tensor:
        if self.rule == "universal":
            return sigma * math.sqrt(2 * math.log(n_pixels))
        signal = (band.square().mean((2, 3), keepdim=True) - sigma.square()).clamp(min=0).sqrt()
        return torch.where(signal > 0, sigma.square() / signal, math.inf)


def _mirrored(x: Tensor, multiple: int) -> Tensor:
    """x continued to multiples of a number of rows and columns."""
    height, width = x.shape[2:]
    rows = torch.arange(-(-height // multiple) * multiple, device=x.device)
    columns = torch.arange(-(-width // multiple) * multiple, device=x.device)
    return x[..., torch.minimum(rows, 2 * height - 1 - rows)[:, None], torch.minimum(columns, 2 * width - 1 - columns)]
