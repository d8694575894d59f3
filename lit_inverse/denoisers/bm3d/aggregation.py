"""Aggregation: overlapping estimates of patches are averaged by their weights (Dabov et al. 2007, eq. 12)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


class Gather:
    """Sums over the estimates of each patch.

    Every patch collects what was estimated for it, in a fixed order, so that sums are the same in every run on a GPU
    too, where adding to shared cells is not.

    Args:
        positions: (N,), which of P patches each estimate is of.
        n_positions: P.
    """

    def __init__(self, positions: Tensor, n_positions: int) -> None:
        ascending, self._order = positions.sort(stable=True)
        self._starts = torch.searchsorted(ascending, torch.arange(n_positions, device=positions.device))

    def __call__(self, coefficients: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Sums of weight times coefficients (N, n), and of the weights (N,): (P, n) and (P,)."""
        ones, ordered = torch.ones_like(weights)[:, None], weights[self._order]
        sums, totals = (
            embedding_bag(self._order, values, self._starts, mode="sum", per_sample_weights=ordered)
            for values in (coefficients, ones)
        )
        return sums, totals[:, 0]


def average(sums: Tensor, totals: Tensor, synthesis: Tensor, window: Tensor) -> Tensor:
    """The images (B, H, W) from the weighted sums of their patches and the total weights.

    The inverse transform is linear: it is applied once per position, to the sums.

    Args:
        sums: (B, h, w, n), n = side^2, h = H - side + 1, w = W - side + 1.
        totals: (B, h, w).
        synthesis: (n, n), the inverse transform of patches.
        window: (side,), factors of the weight along rows and columns of a patch.
    """
    patches = sums @ (torch.outer(window, window).flatten()[:, None] * synthesis).T
    patches = patches.view(*totals.shape, len(window), len(window))
    image = _overlapping(_overlapping(patches.unbind(3), 1).unbind(3), 2)
    weight = _overlapping([factor * totals for factor in window], 1)
    return image / _overlapping([factor * weight for factor in window], 2)


def _overlapping(parts: Sequence[Tensor], axis: int) -> Tensor:
    """sum_k parts[k], moved k entries along the axis."""
    shape, length = list(parts[0].shape), parts[0].shape[axis]
    shape[axis] += len(parts) - 1
    total = parts[0].new_zeros(shape)
    for k, part in enumerate(parts):
        total.narrow(axis, k, length).add_(part)
    return total
