"""The gradient of periodic images, by forward differences."""

import torch
from torch import Tensor


def gradient(x: Tensor) -> Tensor:
    """D x: differences to the right and lower neighbours in the periodic image, (B, C, H, W) to (B, 2, C, H, W)."""
    d = x.new_empty(len(x), 2, *x.shape[1:])
    right, down = d.unbind(1)
    torch.sub(x[..., 1:], x[..., :-1], out=right[..., :-1])
    torch.sub(x[..., :1], x[..., -1:], out=right[..., -1:])
    torch.sub(x[..., 1:, :], x[..., :-1, :], out=down[..., :-1, :])
    torch.sub(x[..., :1, :], x[..., -1:, :], out=down[..., -1:, :])
    return d


def gradient_adjoint(v: Tensor) -> Tensor:
    """D^T v, the negative divergence: (B, 2, C, H, W) to (B, C, H, W)."""
    right, down = v.unbind(1)
    x = -(right + down)
    x[..., 1:] += right[..., :-1]
    x[..., :1] += right[..., -1:]
    x[..., 1:, :] += down[..., :-1, :]
    x[..., :1, :] += down[..., -1:, :]
    return x
