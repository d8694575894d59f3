"""Denoisers D(x; sigma) of images with white Gaussian noise of known standard deviation."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Denoiser(nn.Module, ABC):
    """A map from an image plus white Gaussian noise of standard deviation sigma to an estimate of the image.

    Called as `denoiser(x, sigma)`. Items of a batch do not see each other; sigma = 0 returns x itself, bit by bit.
    The work is done in float32 or float64 and the answer has the dtype of x.

    Args:
        value_range: (low, high) of clean images; estimates are not clipped to it.

    Attributes:
        channels: the numbers of channels a denoiser takes, None for any.

    Raises:
        ValueError: when value_range is not an interval.
    """

    channels: tuple[int, ...] | None = None

    def __init__(self, value_range: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__()
        low, high = value_range
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"value_range is {tuple(value_range)}, expected (low, high) with low < high, both finite")
        self.value_range = (float(low), float(high))

    @abstractmethod
    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The estimate for x of shape (B, C, H, W) in units of the range (clean images in [0, 1]) and sigma (B,)."""

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """The estimate of the clean images, (B, C, H, W).

        Args:
            x: (B, C, H, W), real.
            sigma: >= 0 in units of x, a number or (B,).

        Raises:
            ValueError: for another shape, a complex or integer x, or a sigma that is negative or not finite.
        """
        self._check_images(x)
        work = torch.promote_types(x.dtype, torch.float32)
        levels = _noise_levels(x, sigma).to(work)
        low, high = self.value_range
        estimate = low + (high - low) * self.denoise((x.to(work) - low) / (high - low), levels / (high - low))
        return torch.where(levels.view(-1, 1, 1, 1) == 0, x, estimate.to(x.dtype))

    def _check_images(self, x: Tensor) -> None:
        name = type(self).__name__
        if x.is_complex():
            raise ValueError(f"x is {x.dtype}, {name} takes real images: give it real and imaginary part as two items")
        if not x.is_floating_point():
            raise ValueError(f"x is {x.dtype}, expected floating point: convert it, and state its value_range")
        if x.ndim != 4 or 0 in x.shape:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (B, C, H, W)")
        if self.channels is not None and x.shape[1] not in self.channels:
            expected = " or ".join(map(str, self.channels))
            raise ValueError(f"x has {x.shape[1]} channels, {name} takes {expected}: give it the others as items")


def _noise_levels(x: Tensor, sigma: float | Tensor) -> Tensor:
    """Sigma as (B,) on the device of x."""
    levels = torch.as_tensor(sigma, dtype=torch.float64)  # checked where it lies: a number needs no synchronisation
    if levels.shape not in ((), (len(x),)):
        raise ValueError(f"sigma has shape {tuple(levels.shape)}, expected a number or ({len(x)},), one per item of x")
    if not bool((torch.isfinite(levels) & (levels >= 0)).all()):
        raise ValueError(f"sigma is {sigma}, expected finite numbers >= 0")
    return levels.to(x.device).expand(len(x))
