"""Errors of x_hat against x: one value per item, never pooled over a batch; complex images by their magnitude."""

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
