"""Transposed convolution of an upsampled image, at the cost of the image before upsampling."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UpsampledConvTranspose2d(nn.Module):
    """Nearest upsampling by 1 or 2, then a transposed convolution of stride 1 without bias.

    Nearest upsampling by s inserts s - 1 zeros between pixels and then applies an s x s box filter. Filters commute:

        conv_transpose(upsample_s(x), w) = box_s * conv_transpose(x, w, stride=s),

    s^2 times fewer products. On the small images for which this layer is meant, the transposed convolution is one
    matrix product over all pixels, whose k x k patches `fold` adds up; on one CPU thread that takes about half the
    time of `nn.Upsample` and `nn.ConvTranspose2d`.

    Args:
        in_channels: channels of x, (B, in_channels, H, W).
        out_channels: channels of the result, (B, out_channels, s H + k - 1 - 2 padding, ...).
        kernel_size: k.
        padding: 0 or 1, rows and columns cut off at each side.
        upsample: s, 1 or 2.

    Attributes:
        weight: (out_channels, k, k, in_channels): row-major, it is the matrix of the product. Not initialised; see
            `initialization.initialize`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, padding: int = 0, upsample: int = 1
    ) -> None:
        super().__init__()
        if upsample not in (1, 2) or padding not in (0, 1):
            raise ValueError(f"upsample is {upsample} and padding {padding}, expected 1 or 2 and 0 or 1")
        self.kernel_size, self.padding, self.upsample = kernel_size, padding, upsample
        self.weight = nn.Parameter(torch.empty(out_channels, kernel_size, kernel_size, in_channels))

    def forward(self, x: Tensor) -> Tensor:
        k, p, s = self.kernel_size, self.padding, self.upsample
        # contiguous: the gradient of a product with a transposed matrix is 20 times slower in MKL
        pixels = x.flatten(2).mT.contiguous()
        patches = F.linear(pixels, self.weight.flatten(0, 2)).mT
        crop = p if s == 1 else 0
        size = tuple(s * (length - 1) + k - 2 * crop for length in x.shape[-2:])
        image = F.fold(patches, size, k, padding=crop, stride=s)
        if s == 1:
            return image
        return F.avg_pool2d(image, s, stride=1, padding=1 - p, divisor_override=1)
