"""Denoisers of deepinv as ours; deepinv itself does not have to be installed."""

import copy
import importlib
from typing import Any

import torch
from torch import Tensor, nn

from lit_inverse.denoisers.base import Denoiser


def from_deepinv(
    denoiser: nn.Module,
    value_range: tuple[float, float] = (0.0, 1.0),
    channels: tuple[int, ...] | None = None,
    batched: bool = False,
) -> Denoiser:
    """A deepinv `Denoiser`, which takes clean images to lie in [0, 1], as one of ours.

    It is copied, in evaluation mode, and works in the precision of its weights, if it has any. A network may be given
    whole batches. Others may see items of a batch in each other or keep what they found for the next call (in deepinv
    0.5 `TVDenoiser` and `TGVDenoiser` do both): by default a fresh copy is made for each item.

    Args:
        denoiser: a deepinv.models.Denoiser (tried with deepinv 0.5), called as denoiser(x, sigma).
        value_range: (low, high) of clean images.
        channels: the numbers of channels it takes; None for any.
        batched: whether it is given whole batches, with sigma of shape (B,).

    Raises:
        ImportError: when deepinv is not installed.
        TypeError: when `denoiser` is none.
        ValueError: when value_range is not an interval.
    """
    try:
        deepinv = importlib.import_module("deepinv.models")
    except ImportError as error:
        raise ImportError("from_deepinv needs the package deepinv: pip install deepinv") from error
    if not isinstance(denoiser, deepinv.Denoiser):
        raise TypeError(f"denoiser is a {type(denoiser).__name__}, expected a deepinv.models.Denoiser")
    return _DeepinvDenoiser(denoiser, value_range, channels, batched)


class _DeepinvDenoiser(Denoiser):
    """D(x; sigma) of deepinv."""

    def __init__(
        self,
        denoiser: nn.Module,
        value_range: tuple[float, float],
        channels: tuple[int, ...] | None,
        batched: bool,
    ) -> None:
        super().__init__(value_range)
        self.denoiser: Any = copy.deepcopy(denoiser).eval()
        self.channels, self.batched = channels, batched

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        dtype = next((weight.dtype for weight in self.denoiser.parameters()), x.dtype)
        images, levels = x.to(dtype), sigma.to(dtype)
        if self.batched:
            estimate: Tensor = self.denoiser(images, levels)
        else:
            items = zip(torch.split(images, 1), torch.split(levels, 1), strict=True)
            estimate = torch.cat([copy.deepcopy(self.denoiser)(*item) for item in items])
        return estimate.to(x.dtype)
