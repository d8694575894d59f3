"""The gradient of images, by forward differences, and its adjoint."""

from torch import Tensor


def gradient(x: Tensor, *, periodic: bool) -> Tensor:
    """D x: differences to the right and to the lower neighbours, (B, C, H, W) to (B, 2, C, H, W).

    In the last column and row those to the first ones of a periodic image, else 0.
    """
    d = x.new_empty(len(x), 2, *x.shape[1:])
    d[:, 0, ..., :-1] = x[..., 1:] - x[..., :-1]
    d[:, 1, ..., :-1, :] = x[..., 1:, :] - x[..., :-1, :]
    d[:, 0, ..., -1:] = x[..., :1] - x[..., -1:] if periodic else 0
    d[:, 1, ..., -1:, :] = x[..., :1, :] - x[..., -1:, :] if periodic else 0
    return d


def gradient_adjoint(v: Tensor, *, periodic: bool) -> Tensor:
    """D^T v, the negative divergence: (B, 2, C, H, W) to (B, C, H, W).

    If not periodic, v is 0 in the last column and row of its first and second part, as D x is.
    """
    right, down = v.unbind(1)
    x = -(right + down)
    x[..., 1:] += right[..., :-1]
    x[..., 1:, :] += down[..., :-1, :]
    if periodic:
        x[..., :1] += right[..., -1:]
        x[..., :1, :] += down[..., -1:, :]
    return x
