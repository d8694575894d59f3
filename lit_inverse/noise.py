"""Laws of the noise eta in y = A(x) + eta."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Noise(ABC):
    """A law of eta. The first constructor argument is the level, in the unit the class states."""

    @abstractmethod
    def sigma(self, clean: Tensor) -> float:
        """Standard deviation of each entry of eta for the noise-free measurements of one item, shape (*out_shape)."""

    @abstractmethod
    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        """Noisy measurements of one item, shape (*out_shape), drawn on the CPU from `source`."""


def _check_level(name: str, level: float) -> float:
    if not (math.isfinite(level) and level >= 0):
        raise ValueError(f"{name} is {level}, expected a finite number >= 0")
    return level


def _add_gaussian(clean: Tensor, sigma: float, source: torch.Generator) -> Tensor:
    """Adds N(0, sigma^2) to each entry; circular with E|eta_i|^2 = sigma^2 to complex ones."""
    if sigma == 0:
        return clean
    dtype = torch.complex64 if clean.is_complex() else torch.float32
    eta = torch.randn(clean.shape, generator=source, dtype=dtype)
    return clean + sigma * eta.to(clean.device, clean.dtype)


class Gaussian(Noise):
    """eta_i ~ N(0, sigma^2); the level is sigma.

    Raises:
        ValueError: when sigma is negative or not finite.
    """

    def __init__(self, sigma: float = 0.0) -> None:
        self.level = _check_level("sigma", sigma)

    def sigma(self, clean: Tensor) -> float:
        return self.level

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return _add_gaussian(clean, self.level, source)


class TotalGaussian(Noise):
    """eta_i ~ N(0, total^2 / m), so that E ||eta||^2 = total^2 whatever m; the level is total.

    The noise of Bora et al. 2017, Sec. 6.1 (0.1 on MNIST) and of CS-DIP (Van Veen et al. 2018, Sec. 5.1).

    Raises:
        ValueError: when total is negative or not finite.
    """

    def __init__(self, total: float = 0.0) -> None:
        self.level = _check_level("total", total)

    def sigma(self, clean: Tensor) -> float:
        return self.level / math.sqrt(clean.numel())

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        return _add_gaussian(clean, self.sigma(clean), source)
