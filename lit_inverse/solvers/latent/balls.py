"""Projections onto balls."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators.items import column, norm

NormName = Literal["l1", "l2"]


def onto_l1_ball(v: Tensor, radius: float) -> Tensor:
    """The nearest point of ||.||_1 <= radius to each item (Duchi et al. 2008, Fig. 1); v (B, ...)."""
    size = v.abs().flatten(1)
    descending = size.sort(1, descending=True).values
    number = torch.arange(1, size.shape[1] + 1, device=v.device)
    threshold = (descending.cumsum(1) - radius) / number
    n_kept = (descending > threshold).sum(1, keepdim=True).clamp_min(1)
    tau = threshold.gather(1, n_kept - 1).clamp_min(0).view(-1, *[1] * (v.ndim - 1))
    return v - v.clamp(-tau, tau)


def onto_l2_ball(v: Tensor, radius: float) -> Tensor:
    """The nearest point of ||.||_2 <= radius to each item, v (B, ...)."""
    return v * column(radius / norm(v).clamp_min(radius), v)


PROJECTIONS: dict[NormName, Callable[[Tensor, float], Tensor]] = {"l1": onto_l1_ball, "l2": onto_l2_ball}
