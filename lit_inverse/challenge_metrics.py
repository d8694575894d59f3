"""Errors of magnetic resonance images in the convention of the fastMRI challenge: one value per volume.

Of a volume x (slices, h, w) with its maximum L, the data range of all its slices:

    NMSE = ||x_hat - x||^2 / ||x||^2,   PSNR = 10 log10(L^2 / mean (x_hat - x)^2),   SSIM = mean of those of its slices,

the norms and the mean over the whole volume, SSIM with a uniform window of 7 x 7 pixels (Zbontar et al. 2018, Sec. 6).
`metrics` has errors per image, with the Gaussian window of 11 x 11.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW = 7  # pixels
_K1, _K2 = 0.01, 0.03  # Wang et al. 2004, Sec. III-C


def ssim(x_hat: Tensor, x: Tensor, data_range: Tensor) -> Tensor:
    """Structural similarity of each slice (B, 1, h, w), (B,); differentiable, in the precision of the images.

    Means, variances and covariances are those of all windows of 7 x 7 pixels within the image, normalised by 48
    (unbiased), as by default in scikit-image.

    Args:
        x_hat: (B, 1, h, w), real.
        x: the same shape.
        data_range: (B,), of the volumes the slices belong to.

    Raises:
        ValueError: when images are complex, the shapes do not fit, or the slices are smaller than the window.
    """
    _expect_real(x_hat, x)
    if x.ndim != 4 or x_hat.shape != x.shape or data_range.shape != x.shape[:1] or min(x.shape[-2:]) < WINDOW:
        shapes = ", ".join(str(tuple(given.shape)) for given in (x_hat, x, data_range))
        raise ValueError(
            f"x_hat, x, data_range have shapes {shapes}, expected twice (B, 1, h, w) with h, w >= {WINDOW}, and (B,)"
        )
    a, b = (image / data_range.to(image.dtype).view(-1, 1, 1, 1) for image in (x_hat, x))
    mean_a, mean_b, mean_aa, mean_bb, mean_ab = (F.avg_pool2d(v, WINDOW, 1) for v in (a, b, a * a, b * b, a * b))
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    var_a, var_b = unbiased * (mean_aa - mean_a**2), unbiased * (mean_bb - mean_b**2)
    covariance = unbiased * (mean_ab - mean_a * mean_b)
    luminance = (2 * mean_a * mean_b + _K1**2) / (mean_a**2 + mean_b**2 + _K1**2)
    structure = (2 * covariance + _K2**2) / (var_a + var_b + _K2**2)
    return (luminance * structure).flatten(1).mean(1)


def slice_sums(x_hat: Tensor, x: Tensor, maximum: Tensor) -> Tensor:
    """What `from_sums` needs of slices (B, 1, h, w), in any order, of volumes with these maxima (B,).

    Returns:
        float64 (B, 5): squared error, squared norm and number of pixels, SSIM, maximum.
    """
    _expect_real(x_hat, x)
    x_hat, x, maximum = x_hat.double(), x.double(), maximum.to(x.device, torch.float64)
    squares = [v.square().flatten(1).sum(1) for v in (x_hat - x, x)]
    return torch.stack([*squares, torch.full_like(maximum, x[0].numel()), ssim(x_hat, x, maximum), maximum], 1)


def from_sums(sums: Tensor) -> dict[str, Tensor]:
    """NMSE, PSNR and SSIM of the volume whose slices have these sums, (slices, 5), by their names in small letters."""
    error, power, pixels, similarity, _ = sums.sum(0)
    peak = sums[:, 4].amax()
    return {
        "nmse": error / power,
        "psnr": 10 * torch.log10(peak**2 * pixels / error),
        "ssim": similarity / len(sums),
    }


def volume_errors(x_hat: Tensor, x: Tensor, maximum: float | None = None) -> dict[str, Tensor]:
    """NMSE, PSNR and SSIM, by their names in small letters, of a volume (slices, h, w).

    Args:
        x_hat: real magnitudes.
        x: the reference, the same shape.
        maximum: the data range; that of x by default.
    """
    peak = x.amax() if maximum is None else torch.tensor(maximum, dtype=torch.float64)
    return from_sums(slice_sums(x_hat.unsqueeze(1), x.unsqueeze(1), peak.expand(len(x))))


def _expect_real(*images: Tensor) -> None:
    if any(one.is_complex() for one in images):
        raise ValueError(
            f"images are {', '.join(str(one.dtype) for one in images)}, expected real magnitudes: take abs()"
        )
