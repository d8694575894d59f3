"""Total variation of images, not periodic."""

from torch import Tensor

from lit_inverse.operators.image_gradient import gradient


def anisotropic_tv(x: Tensor) -> Tensor:
    """||grad x||_1: the sum of absolute differences of horizontal and vertical neighbours; (B, C, H, W) to (B,)."""
    return gradient(x, periodic=False).abs().flatten(1).sum(1)


def isotropic_tv(x: Tensor, eps: float = 0.0) -> Tensor:
    """sum_i (sqrt(|dx|_i^2 + |dy|_i^2 + eps^2) - eps), forward differences, 0 beyond the border; (B, C, H, W) to (B,).

    eps rounds off the corner at 0, where the gradient of the root is infinite.
    """
    lengths = (gradient(x, periodic=False).square().sum(1) + eps**2).sqrt() - eps
    return lengths.flatten(1).sum(1)
