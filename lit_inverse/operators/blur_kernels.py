"""Kernels of blur: a Gaussian, and a camera that moves."""

import math

import torch
from torch import Tensor

from lit_inverse.settings import positive


def gaussian_kernel(sigma: float) -> Tensor:
    """exp(-|p|^2 / (2 sigma^2)) on the pixels up to 4 sigma from the centre along each axis, of sum 1.

    Raises:
        ValueError: when sigma is not positive.
    """
    positive(sigma=sigma)
    radius = int(4 * sigma + 0.5)
    profile = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2)
    profile = profile / profile.sum()
    return torch.outer(profile, profile).float()


def motion_kernel(length: float, angle: float) -> Tensor:
    """The mean of an image, linearly interpolated, while it moves along a centred straight path; of sum 1.

    k[p] = 1/L integral over |t| <= L/2 of hat(p_x - t cos a) hat(p_y + t sin a), hat(u) = max(1 - |u|, 0): a path of
    any length and direction without jagged edges. By the mid-point rule with 64 points per pixel.

    Args:
        length: L > 0, in pixels.
        angle: a in degrees, counter-clockwise from the horizontal.

    Raises:
        ValueError: when the length is not positive.
    """
    positive(length=length)
    n_points = math.ceil(64 * length)
    t = length * ((torch.arange(n_points, dtype=torch.float64) + 0.5) / n_points - 0.5)
    radius = math.ceil(length / 2)
    pixels = torch.arange(-radius, radius + 1, dtype=torch.float64)
    down, right = -math.sin(math.radians(angle)), math.cos(math.radians(angle))
    hats = [(1 - (pixels - t[:, None] * step).abs()).clamp_min(0) for step in (down, right)]
    return (hats[0].mT @ hats[1] / n_points).float()
