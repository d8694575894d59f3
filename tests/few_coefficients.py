"""Images that message passing recovers, and a denoiser for them."""

import itertools

import pytest
import torch
from torch import Tensor

from lit_inverse.bases import dct_matrix
from lit_inverse.denoisers import Denoiser

GREY = (0.0, 255.0)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class SoftDCT(Denoiser):
    """Soft thresholds of 1.5 sigma in the orthonormal 2-D DCT, but for the mean."""

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        rows, columns = (dct_matrix(side).to(x) for side in x.shape[2:])
        z = rows @ x @ columns.T
        soft = z.sign() * (z.abs() - 1.5 * sigma.view(-1, 1, 1, 1)).clamp(min=0)
        soft[..., 0, 0] = z[..., 0, 0]
        return rows.T @ soft @ columns


def smooth_images(items: int = 2, channels: int = 1, size: int = 24, kept: int = 40) -> Tensor:
    """Images in grey levels with few DCT coefficients."""
    matrix = dct_matrix(size)
    z = torch.zeros(items, channels, size * size, dtype=torch.float64)
    for item, channel in itertools.product(range(items), range(channels)):
        order = torch.randperm(size * size // 4, generator=torch.Generator().manual_seed(7 * item + channel))[:kept]
        z[item, channel, order // (size // 2) * size + order % (size // 2)] = 120 * draw(kept, seed=item + 10 * channel)
    z[..., 0] = 128 * size
    return matrix.T @ z.view(items, channels, size, size) @ matrix


def relative_error(x_hat: Tensor, x: Tensor) -> float:
    return float((x_hat - x).abs().square().sum().sqrt() / x.abs().square().sum().sqrt())


def photograph(side: int) -> Tensor:
    """(1, 1, side, side) in grey levels."""
    camera = pytest.importorskip("skimage.data").camera().astype(float)
    block = 512 // side
    return torch.from_numpy(camera.reshape(side, block, side, block).mean((1, 3)))[None, None]


def psnr(x_hat: Tensor, x: Tensor) -> float:
    return float(10 * torch.log10(255**2 / (x_hat - x).square().mean()))
