"""A denoiser and the divergence of its estimate, for real and complex images."""

import copy
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators.items import column, from_parts, real_parts
from lit_inverse.seeding import generator


class ProbedDenoiser:
    """D(r; sigma) and a Monte-Carlo estimate of its divergence sum_i dD_i / dr_i (Ramani, Blu, Unser 2008).

        div = eta^T (D(r + eps eta; sigma) - D(r; sigma)) / eps,   eta ~ N(0, I),   eps = min(step max |r|, sigma)

    One probe eta per call, from a stream of its own for each item. D(r + eps eta) is a call like any other: for BM3D in
    the groups of patches of r it would lack what a change of the groups does to the estimate, part of the divergence.

    Complex images are pairs of real ones, real and imaginary part: the denoiser takes them as two items, sigma is the
    standard deviation of each, and the divergence is summed over both.

    Args:
        denoiser: D.
        seeds: one per item.
        step: eps relative to the largest entry of r; beyond sigma it would tell little of D at this sigma.
    """

    def __init__(self, denoiser: Denoiser, seeds: Sequence[int], step: float) -> None:
        self._denoiser = denoiser
        self._sources = [generator(seed) for seed in seeds]
        self._step = step

    def __call__(self, r: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The estimates (B, C, H, W) for r, (B, C, H, W), with noise of standard deviation sigma (B,), and div (B,)."""
        parts = real_parts(r)
        eps = torch.minimum(self._step * parts.abs().flatten(1).amax(1), sigma) + torch.finfo(parts.dtype).eps
        eta = self.probes(parts.shape[1:]).to(parts)
        both = torch.stack([parts, parts + column(eps, eta) * eta])
        levels = sigma.repeat_interleave(parts.shape[1]).repeat(2)
        x, moved = self._denoiser(both.flatten(0, 2), levels).view_as(both)
        return from_parts(x), (eta * (moved - x)).flatten(1).sum(1) / eps

    def probes(self, shape: Iterable[int]) -> Tensor:
        """The next eta of each item, (B, *shape)."""
        return torch.stack([torch.randn(*shape, generator=source, dtype=torch.float32) for source in self._sources])

    def take(self, index: Tensor) -> "ProbedDenoiser":
        """For the selected items, whose streams go on."""
        taken = copy.copy(self)
        taken._sources = [self._sources[item] for item in index.tolist()]
        return taken
