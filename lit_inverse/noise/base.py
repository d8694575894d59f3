"""The interface of all laws of noise."""

import inspect
import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor


class Noise(ABC):
    """A law of eta. The first constructor argument is the level, in the unit the class states.

    The name of one's level is kept from being a setting of any other law.

    Attributes:
        in_db: whether the level is in dB, and no noise at infinity.
    """

    in_db: ClassVar[bool] = False

    @classmethod
    def level_name(cls) -> str:
        """Name of the level."""
        return next(iter(inspect.signature(cls).parameters))

    @abstractmethod
    def sigma(self, clean: Tensor) -> float:
        """Standard deviation of each entry of eta for the noise-free measurements of one item, shape (*out_shape).

        Where entries differ, the root of their mean square: sigma^2 = E ||eta||^2 / m.
        """

    def sigmas(self, clean: Tensor) -> Tensor:
        """`sigma` of each item of a batch (B, *out_shape), (B,)."""
        return torch.tensor([self.sigma(item) for item in clean]).to(clean.real)

    @abstractmethod
    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        """Noisy measurements of one item, shape (*out_shape), drawn on the CPU from `source`."""

    def apply_to_batch(self, clean: Tensor, source: torch.Generator) -> Tensor:
        """Noisy measurements (B, *out_shape) of training items, drawn from `source`, which may be on their device."""
        if source.device.type != "cpu":
            source = torch.Generator().manual_seed(source.initial_seed())
        return torch.stack([self.apply(item, source) for item in clean])


def check_level(name: str, level: float) -> float:
    """The level, once it is found possible."""
    if not (math.isfinite(level) and level >= 0):
        raise ValueError(f"{name} is {level}, expected a finite number >= 0")
    return level


def check_real(law: Noise, clean: Tensor) -> None:
    """Refuses complex measurements."""
    if clean.is_complex():
        raise ValueError(f"{type(law).__name__} noise is for real measurements, got {clean.dtype}: use Gaussian")
