"""Collaborative filtering of groups (Dabov et al. 2007, Secs. III-B and III-C), in units of the noise: sigma = 1."""

from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.denoisers.bm3d.matching import Matches
from lit_inverse.denoisers.bm3d.transforms import haar_matrix

_COEFFICIENTS = {"cpu": 1 << 18}  # of a batch of groups: 1 MiB in float32 stays in the cache
_COEFFICIENTS_ELSEWHERE = 1 << 26

# What becomes of the coefficients (K, G, n) of G groups of K patches, given those of the first estimate, where there is
# one, and how much the result counts, (G,). The factor 1 / sigma^2 that the weights of an image have in common is left
# out. A group of which nothing remains has weight 1, as if one coefficient did: the paper's weight would be infinite.
Shrinkage = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]


def hard_threshold(threshold: float) -> Shrinkage:
    """Keeps |z| > threshold; weight 1 / N, N the number of coefficients kept (eqs. 5 and 10)."""

    def shrink(z: Tensor, pilot: Tensor | None) -> tuple[Tensor, Tensor]:
        kept = torch.nn.functional.hardshrink(z, threshold)
        return kept, 1 / kept.sign().abs_().sum((0, 2)).clamp(min=1)

    return shrink


def wiener(z: Tensor, pilot: Tensor | None) -> tuple[Tensor, Tensor]:
    """z times W = pilot^2 / (pilot^2 + 1), overwritten; weight 1 / ||W||^2 (eqs. 8, 9 and 11)."""
    assert pilot is not None
    power = pilot.square()
    gain = power.div_(power + 1)
    return z.mul_(gain), 1 / gain.square_().sum((0, 2)).clamp(min=1)


def equal_groups(matches: Matches, n_positions: int, patch: int) -> list[Tensor]:
    """Groups of 1, 2, 4, ... patches, as many at a time as are worked on together: numbers (K, G) of their patches.

    Args:
        n_positions: P, patches of each image; the whole batch is numbered through.
        patch: side of a patch.
    """
    numbers = torch.arange(matches.sizes.shape[0], device=matches.sizes.device)[:, None]
    positions, sizes = (matches.positions + numbers * n_positions).flatten(1), matches.sizes.flatten()
    n_patches = _COEFFICIENTS.get(positions.device.type, _COEFFICIENTS_ELSEWHERE) // patch**2
    chosen, size = list[Tensor](), 1
    while size <= len(positions):
        groups = (sizes == size).nonzero().squeeze(1)
        if len(groups) > 0:
            chosen += torch.split(positions[:size, groups], max(n_patches // size, 1), 1)
        size *= 2
    return chosen


def filter_groups(z: Tensor, pilot: Tensor | None, groups: list[Tensor], shrinkage: Shrinkage) -> tuple[Tensor, Tensor]:
    """Estimates of all patches of all groups: Haar transform along each group, shrinkage, inverse transform.

    Args:
        z: (P, n), transformed patches of the noisy images.
        pilot: likewise of the first estimate, where there is one.

    Returns:
        Their coefficients (N, n) and weights (N,), in the order of the patches in `groups`.
    """
    coefficients = z.new_empty(sum(chosen.numel() for chosen in groups), z.shape[1])
    weights = z.new_empty(len(coefficients))
    done = 0
    for chosen in groups:
        haar = haar_matrix(len(chosen)).to(z)
        shrunk, weight = shrinkage(
            _spectrum(z, chosen, haar), None if pilot is None else _spectrum(pilot, chosen, haar)
        )
        own = slice(done, done + chosen.numel())
        torch.mm(haar.T, shrunk.flatten(1), out=coefficients[own].view(len(chosen), -1))
        weights[own].view(chosen.shape).copy_(weight)
        done += chosen.numel()
    return coefficients, weights


def _spectrum(patches: Tensor, chosen: Tensor, haar: Tensor) -> Tensor:
    """The chosen ones (K, G) of all patches (P, n), transformed along the group: (K, G, n)."""
    rows = patches.index_select(0, chosen.flatten())
    return (haar @ rows.view(len(chosen), -1)).view(*chosen.shape, -1)
