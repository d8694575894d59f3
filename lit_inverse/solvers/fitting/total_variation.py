"""Total variation of images."""

from torch import Tensor
from torch.nn.functional import pad


def anisotropic_tv(x: Tensor) -> Tensor:
    """||grad x||_1: the sum of absolute differences of horizontal and vertical neighbours; (B, C, H, W) to (B,)."""
    vertical = (x[..., 1:, :] - x[..., :-1, :]).abs().flatten(1).sum(1)
    horizontal = (x[..., 1:] - x[..., :-1]).abs().flatten(1).sum(1)
    return vertical + horizontal


def isotropic_tv(x: Tensor, eps: float = 0.0) -> Tensor:
    """sum_i (sqrt(|dx|_i^2 + |dy|_i^2 + eps^2) - eps), forward differences, 0 beyond the border; (B, C, H, W) to (B,).

    eps rounds off the corner at 0, where the gradient of the root is infinite.
    """
    vertical = pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))
    horizontal = pad(x[..., 1:] - x[..., :-1], (0, 1))
    lengths = (vertical.square() + horizontal.square() + eps**2).sqrt() - eps
    return lengths.flatten(1).sum(1)
