"""What all denoising networks have in common."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class DenoisingNetwork(nn.Module, ABC):
    """D(x; sigma): an estimate of images in [0, 1] from images with white Gaussian noise.

    Attributes:
        in_channels: C, the number of channels of an image.
    """

    in_channels: int

    @abstractmethod
    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The estimate for noisy images x (B, C, H, W) of any size and noise levels sigma (B,), (B, C, H, W)."""


def noise_map(x: Tensor, sigma: Tensor) -> Tensor:
    """The noise level of each pixel, (B, 1, H, W)."""
    return sigma.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
