"""Magnitude images: what of complex images, of one or several coils, is compared with a reference."""

import torch
from torch import Tensor


def root_sum_of_squares(images: Tensor) -> Tensor:
    """sqrt(sum_c |I_c|^2), real (..., 1, H, W) of the coil images I (..., C, H, W)."""
    magnitude: Tensor = torch.linalg.vector_norm(images, dim=-3, keepdim=True)
    return magnitude


def center_crop(images: Tensor, shape: tuple[int, int]) -> Tensor:
    """The (h, w) in the middle of images (..., H, W): from (H - h) // 2 and (W - w) // 2, as in fastMRI.

    Raises:
        ValueError: when the images are smaller.
    """
    if not all(0 < small <= large for small, large in zip(shape, images.shape[-2:], strict=True)):
        raise ValueError(f"images are {tuple(images.shape[-2:])}, expected at least {tuple(shape)}")
    (height, width), (i, j) = shape, ((a - b) // 2 for a, b in zip(images.shape[-2:], shape, strict=True))
    return images[..., i : i + height, j : j + width]


def as_reference(x_hat: Tensor, x: Tensor) -> Tensor:
    """Images x_hat (..., C, H, W) as the reference x (B, 1, h, w) shows them, where they are not of its shape.

    That is their root sum of squares over the coils, cropped in the middle: references of measured k-space are such.
    """
    if x.ndim < 4 or x_hat.shape[-3:] == x.shape[-3:]:
        return x_hat
    return center_crop(root_sum_of_squares(x_hat), (x.shape[-2], x.shape[-1]))
