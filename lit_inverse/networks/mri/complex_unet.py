"""A U-Net for complex images of any scale."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.unet import UNet


class ComplexUNet(nn.Module):
    """A `UNet` on real and imaginary parts, each normalised to mean 0 and variance 1 before it and scaled back after.

    Images are continued by zeros on all sides to multiples of 2^depth. (The regularizer of Sriram et al. 2020, where
    depth is 4, in the authors' code.)

    Args:
        width: channels of the finest level.
        depth: number of times images are halved.
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.unet = UNet(2, 2, width, depth)

    def start_at_zero(self) -> None:
        """Sets the last convolution to 0: every image becomes its mean."""
        for parameter in self.unet.last.parameters():
            nn.init.zeros_(parameter)

    def check(self, height: int, width: int) -> None:
        """Refuses images that are too small for the depth."""
        multiple = 2**self.unet.depth
        self.unet.check(height + -height % multiple, width + -width % multiple)

    def forward(self, x: Tensor) -> Tensor:
        """Complex (B, 1, H, W) to complex (B, 1, H, W)."""
        parts = torch.view_as_real(x.squeeze(1)).movedim(-1, 1)
        height, width = parts.shape[2:]
        variance, mean = torch.var_mean(parts, (2, 3), keepdim=True)
        std = (variance + torch.finfo(variance.dtype).tiny).sqrt()  # whose gradient is finite for black images too
        down, across = (-side % 2**self.unet.depth for side in (height, width))
        top, left = down // 2, across // 2
        padded = F.pad((parts - mean) / std, (left, across - left, top, down - top))
        estimate = self.unet(padded)[..., top : top + height, left : left + width].to(parts.dtype) * std + mean
        return torch.complex(estimate[:, :1], estimate[:, 1:])
