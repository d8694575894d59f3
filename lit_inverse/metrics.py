"""Errors of x_hat against x: one value per item, never pooled over a batch; complex images by their magnitude."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

SSIM_WINDOW = 11  # pixels, with sigma 1.5


def _magnitudes(x_hat: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    if x_hat.shape != x.shape:
        raise ValueError(f"x_hat has shape {tuple(x_hat.shape)}, expected that of x, {tuple(x.shape)}")
    x_hat = x_hat.abs() if x_hat.is_complex() else x_hat
    x = x.abs() if x.is_complex() else x
    return x_hat, x


def mse(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error per entry, ||x_hat - x||^2 / n; (B, ...) to (B,)."""
    x_hat, x = _magnitudes(x_hat, x)
    return (x_hat.double() - x.double()).square().flatten(1).mean(1)


def nmse(x_hat: Tensor, x: Tensor) -> Tensor:
    """Normalised squared error ||x_hat - x||^2 / ||x||^2; (B, ...) to (B,)."""
    x_hat, x = _magnitudes(x_hat, x)
    return mse(x_hat, x) / x.double().square().flatten(1).mean(1)


def psnr(x_hat: Tensor, x: Tensor, data_range: float) -> Tensor:
    """Peak signal-to-noise ratio 10 log10(data_range^2 / mse) in dB; (B, ...) to (B,)."""
    return 10 * (data_range**2 / mse(x_hat, x)).log10()


def ssim(x_hat: Tensor, x: Tensor, data_range: float) -> Tensor:
    """Structural similarity with the Gaussian window of Wang et al. 2004, Sec. III-C; (B, C, H, W) to (B,).

    Averaged, as there, over the windows that lie within the image.

    Raises:
        ValueError: when the images are smaller than the window.
    """
    x_hat, x = _magnitudes(x_hat, x)
    if x.ndim != 4 or min(x.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (B, C, H, W) with H, W >= {SSIM_WINDOW}")
    _, local = structural_similarity_index_measure(x_hat, x, data_range=data_range, return_full_image=True)
    border = SSIM_WINDOW // 2
    return local[..., border:-border, border:-border].flatten(1).mean(1)


def errors(x_hat: Tensor, x: Tensor, value_range: tuple[float, float] | None) -> dict[str, Tensor]:
    """Each metric of x_hat (B, ...) against x by its name, (B,); NaN where it is not defined.

    That is PSNR and SSIM for data without a range of values, and SSIM for what is no image, or smaller than its window.
    """
    undefined = x.real.new_full((len(x),), math.nan)
    found = {"mse": mse(x_hat, x), "nmse": nmse(x_hat, x), "psnr": undefined, "ssim": undefined}
    if value_range is not None:
        width = value_range[1] - value_range[0]
        found["psnr"] = psnr(x_hat, x, width)
        if x.ndim == 4 and min(x.shape[-2:]) >= SSIM_WINDOW:
            found["ssim"] = ssim(x_hat, x, width)
    return found


def residual(operator: Callable[[Tensor], Tensor], x_hat: Tensor, y: Tensor) -> Tensor:
    """||A x_hat - y|| / ||y||, what is left of the measurements y (B, *out_shape); (B,)."""
    misfit, size = (torch.linalg.vector_norm(v.flatten(1), dim=1) for v in (operator(x_hat) - y, y))
    ratio: Tensor = misfit / size.clamp_min(torch.finfo(size.dtype).tiny)
    return ratio
