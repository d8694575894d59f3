"""Collaborative filtering: shrinkage of the coefficients of whole groups (Dabov et al. 2007, Secs. III-B and III-C)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers.bm3d.aggregation import Estimates
from lit_inverse.denoisers.bm3d.matching import Matches
from lit_inverse.denoisers.bm3d.transforms import haar_matrix

_COEFFICIENTS = {"cpu": 1 << 18}  # of a batch of groups: 1 MiB in float32 stays in the cache
_COEFFICIENTS_ELSEWHERE = 1 << 26


class Shrinkage(ABC):
    """What becomes of the coefficients of groups, and how much the result counts.

    The factor 1 / sigma^2 that the weights of an image have in common is left out. A group of which nothing remains
    has weight 1, as if one coefficient did: the paper's weight would be infinite.
    """

    @abstractmethod
    def __call__(self, z: Tensor, pilot: Tensor | None, items: Tensor) -> tuple[Tensor, Tensor]:
        """Shrunk coefficients (K, G, n) and weights (G,).

        Args:
            z: (K, G, n), coefficients of G groups of K patches; overwritten.
            pilot: likewise of the first estimate, where there is one; overwritten.
            items: (G,), the item of the batch each group belongs to.
        """


@dataclass(frozen=True)
class HardThreshold(Shrinkage):
    """Keeps |z| > threshold (B,); weight 1 / N, N the number of coefficients kept (eqs. 5 and 10)."""

    threshold: Tensor

    def __call__(self, z: Tensor, pilot: Tensor | None, items: Tensor) -> tuple[Tensor, Tensor]:
        kept = (z.abs() > self.threshold[items, None]).to(z.dtype)
        return z.mul_(kept), 1 / kept.sum((0, 2)).clamp(min=1)


@dataclass(frozen=True)
class Wiener(Shrinkage):
    """z times W = pilot^2 / (pilot^2 + sigma^2), variance sigma^2 (B,); weight 1 / ||W||^2 (eqs. 8, 9 and 11)."""

    variance: Tensor

    def __call__(self, z: Tensor, pilot: Tensor | None, items: Tensor) -> tuple[Tensor, Tensor]:
        assert pilot is not None
        power = pilot.square_()
        gain = power.div_(power + self.variance[items, None])
        return z.mul_(gain), 1 / gain.square_().sum((0, 2)).clamp(min=1)


def filter_groups(z: Tensor, pilot: Tensor | None, matches: Matches, shrinkage: Shrinkage) -> Estimates:
    """Estimates of all patches of all groups: Haar transform along each group, shrinkage, inverse transform.

    Args:
        z: (B, P, n), transformed patches of the noisy images.
        pilot: likewise of the first estimate, where there is one.
    """
    numbers = torch.arange(len(z), device=z.device)[:, None]
    positions = (matches.positions + numbers * z.shape[1]).flatten(1)
    items = numbers.expand_as(matches.sizes).flatten()
    done = []
    for size, groups in _equal_groups(matches.sizes.flatten(), len(positions), z):
        chosen = positions[:size, groups]
        haar = haar_matrix(size).to(z)
        guide = None if pilot is None else _spectrum(pilot, chosen, haar)
        shrunk, weights = shrinkage(_spectrum(z, chosen, haar), guide, items[groups])
        patches = (haar.T @ shrunk.flatten(1)).view(-1, z.shape[2])
        done.append(Estimates(patches, chosen.flatten(), weights.expand_as(chosen).flatten()))
    return Estimates(*map(torch.cat, zip(*done, strict=True)))


def _equal_groups(sizes: Tensor, largest: int, z: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Numbers of groups of 1, 2, 4, ... patches, as many at a time as are worked on together."""
    n_patches = _COEFFICIENTS.get(z.device.type, _COEFFICIENTS_ELSEWHERE) // z.shape[-1]
    size = 1
    while size <= largest:
        groups = (sizes == size).nonzero().squeeze(1)
        for part in torch.split(groups, max(n_patches // size, 1)) if len(groups) else ():
            yield size, part
        size *= 2


def _spectrum(patches: Tensor, chosen: Tensor, haar: Tensor) -> Tensor:
    """The chosen ones (K, G) of all patches (B, P, n), transformed along the group: (K, G, n)."""
    rows = patches.flatten(0, 1).index_select(0, chosen.flatten())
    return (haar @ rows.view(len(chosen), -1)).view(*chosen.shape, -1)
