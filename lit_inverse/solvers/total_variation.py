"""Total variation of images."""

from torch import Tensor


def anisotropic_tv(x: Tensor) -> Tensor:
    """||grad x||_1: the sum of absolute differences of horizontal and vertical neighbours; (B, C, H, W) to (B,)."""
    vertical = (x[..., 1:, :] - x[..., :-1, :]).abs().flatten(1).sum(1)
    horizontal = (x[..., 1:] - x[..., :-1]).abs().flatten(1).sum(1)
    return vertical + horizontal
