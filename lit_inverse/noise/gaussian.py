"""Gaussian noise, its strength given in three ways."""

import math

import torch
from torch import Tensor

from lit_inverse.noise.base import Noise, check_level
from lit_inverse.operators.items import column


class Gaussian(Noise):
    """eta_i ~ N(0, sigma^2); the level is sigma.

    Raises:
        ValueError: when sigma is negative or not finite.
    """

    def __init__(self, sigma: float = 0.0) -> None:
        self.level = check_level("sigma", sigma)

    def sigma(self, clean: Tensor) -> float:
        return self.level

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return add_gaussian(clean, self.level, source)

    def apply_to_batch(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return add_gaussian(clean, self.level, source)


class TotalGaussian(Noise):
    """eta_i ~ N(0, total^2 / m), so that E ||eta||^2 = total^2 whatever m; the level is total.

    The noise of Bora et al. 2017, Sec. 6.1 (0.1 on MNIST) and of CS-DIP (Van Veen et al. 2018, Sec. 5.1).

    Raises:
        ValueError: when total is negative or not finite.
    """

    def __init__(self, total: float = 0.0) -> None:
        self.level = check_level("total", total)

    def sigma(self, clean: Tensor) -> float:
        return self.level / math.sqrt(clean.numel())

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return add_gaussian(clean, self.sigma(clean), source)


class SNR(Noise):
    """eta_i ~ N(0, sigma^2) with 20 log10(||A x|| / (sqrt(m) sigma)) = snr for each item; the level is snr, in dB.

    That is 10 log10 of ||A x||^2 over E ||eta||^2; the mean of A x counts as signal. No noise at snr = inf, the default
    (.inf in a configuration).

    Raises:
        ValueError: when snr is not a number, or -inf.
    """

    in_db = True

    def __init__(self, snr: float = math.inf) -> None:
        if math.isnan(snr) or snr == -math.inf:
            raise ValueError(f"snr is {snr}, expected a number of dB, or inf for no noise")
        self.level = snr

    def sigma(self, clean: Tensor) -> float:
        return float(torch.linalg.vector_norm(clean)) / math.sqrt(clean.numel()) * 10 ** (-self.level / 20)

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return add_gaussian(clean, self.sigma(clean), source)

    def apply_to_batch(self, clean: Tensor, source: torch.Generator) -> Tensor:
        if self.level == math.inf:
            return clean
        return clean + column(self.sigmas(clean), clean) * add_gaussian(torch.zeros_like(clean), 1.0, source)

    def sigmas(self, clean: Tensor) -> Tensor:
        return clean.abs().square().flatten(1).mean(1).sqrt() * 10 ** (-self.level / 20)


def add_gaussian(clean: Tensor, sigma: float, source: torch.Generator) -> Tensor:
    """Adds N(0, sigma^2) to each entry; circular with E|eta_i|^2 = sigma^2 to complex ones."""
    if sigma == 0:
        return clean
    dtype = torch.complex64 if clean.is_complex() else torch.float32
    eta = torch.randn(clean.shape, generator=source, dtype=dtype, device=source.device)
    return clean + sigma * eta.to(clean.device, clean.dtype)
