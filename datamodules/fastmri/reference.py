"""Reference images: how they come from k-space, and which part of the image they show."""

import torch
from torch import Tensor


def coil_images(kspace: Tensor) -> Tensor:
    """The centred orthonormal inverse Fourier transform of the last two axes.

    fftshift(ifft2(ifftshift(k), norm="ortho")): the zero frequency lies at [H // 2, W // 2], and so does the origin of
    the image.

    Args:
        kspace: complex (..., H, W).

    Returns:
        Complex (..., H, W).
    """
    uncentred = torch.fft.ifftshift(kspace, dim=(-2, -1))
    images: Tensor = torch.fft.fftshift(torch.fft.ifft2(uncentred, norm="ortho"), dim=(-2, -1))
    return images


def centred_kspace(images: Tensor) -> Tensor:
    """The inverse of `coil_images`: complex (..., H, W) of images (..., H, W)."""
    uncentred = torch.fft.ifftshift(images, dim=(-2, -1))
    kspace: Tensor = torch.fft.fftshift(torch.fft.fft2(uncentred, norm="ortho"), dim=(-2, -1))
    return kspace


def centre_crop(image: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle (h, w) of (..., H, W), from row (H - h) // 2 and column (W - w) // 2 on, as stored references are."""
    (height, width), (h, w) = image.shape[-2:], size
    top, left = (height - h) // 2, (width - w) // 2
    return image[..., top : top + h, left : left + w]


def root_sum_of_squares(kspace: Tensor, size: tuple[int, int]) -> Tensor:
    """The reference of fully sampled k-space: sqrt(sum_c |image_c|^2) over the coils c (Zbontar et al. 2018, Sec. 4).

    Args:
        kspace: complex (..., coils, H, W).
        size: (h, w) of the middle that is kept.

    Returns:
        Real (..., h, w).
    """
    cropped = torch.view_as_real(centre_crop(coil_images(kspace), size))
    return cropped.square().sum((-1, -4)).sqrt()
