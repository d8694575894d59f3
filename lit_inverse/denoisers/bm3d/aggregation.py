"""Aggregation: overlapping estimates of patches are averaged by their weights (Dabov et al. 2007, eq. 12)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, fold


class Estimates(NamedTuple):
    """Estimates of patches in the transform domain.

    Attributes:
        coefficients: (N, n).
        positions: (N,), which of all P patches each one estimates.
        weights: (N,).
    """

    coefficients: Tensor
    positions: Tensor
    weights: Tensor


def weighted_sums(estimates: Estimates, n_positions: int) -> Tensor:
    """Sums of weight times coefficients over the estimates of each patch, and of the weights, (P, n + 1).

    Every patch collects what was estimated for it, in a fixed order, so that sums are the same in every run on a GPU
    too, where adding to shared cells is not.
    """
    positions, order = estimates.positions.sort(stable=True)
    starts = torch.searchsorted(positions, torch.arange(n_positions, device=positions.device))
    weights = estimates.weights[order]
    sums = embedding_bag(order, estimates.coefficients, starts, mode="sum", per_sample_weights=weights)
    ones = torch.ones_like(estimates.weights)[:, None]
    totals = embedding_bag(order, ones, starts, mode="sum", per_sample_weights=weights)
    return torch.cat([sums, totals], 1)


def average(sums: Tensor, synthesis: Tensor, window: Tensor, shape: Sequence[int]) -> Tensor:
    """The images (B, H, W) from the weighted sums (B, P, n + 1) of their patches.

    The inverse transform is linear: it is applied once per position, to the sums.

    Args:
        synthesis: (n, n), the inverse transform of patches.
        window: (n,), factors of the weight within a patch.
        shape: (H, W).
    """
    side = math.isqrt(len(window))
    patches = (window[:, None] * synthesis) @ sums[..., :-1].mT
    weights = window[:, None] * sums[:, None, :, -1]
    return (fold(patches, tuple(shape), side) / fold(weights, tuple(shape), side))[:, 0]
