"""The U-Net baseline of fastMRI: it improves the magnitude image of zero-filled k-space."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.magnitudes import center_crop, root_sum_of_squares
from lit_inverse.networks.mri.base import ReconstructionNetwork
from lit_inverse.networks.unet import UNet
from lit_inverse.operators.fourier import Fourier
from lit_inverse.settings import at_least_1

_LARGEST = 6.0  # standard deviations, beyond which pixels are cut off in the code of fastMRI


class UNetReconstruction(ReconstructionNetwork):
    """m = |std U((m_0 - mean) / std) + mean| of the zero-filled magnitude m_0 (Zbontar et al. 2018, Sec. 5.2).

    m_0 is the root sum of squares of the coil images A^+ y, mean and std are those of its pixels; normalised pixels
    beyond +-6 are cut off. Returned are the zero-filled coil images times m / m_0, whose root sum of squares is m:
    their phases and the ratios of the coils are as in A^+ y, and y is not kept. The defaults are the smallest network
    of the paper: 7,756,097 weights.

    Args:
        width: channels of the finest level, see `UNet`.
        depth: number of times images are halved.
        crop: (h, w) of the middle of the image that the U-Net sees and changes, the rest stays zero-filled; None for
            all of it. fastMRI crops to the size of the reference, 320 x 320 for knees. Smaller images are taken whole.

    Raises:
        ValueError: when a number is less than 1; when called, if the images are too small for the depth.
    """

    def __init__(self, width: int = 32, depth: int = 4, crop: tuple[int, int] | None = None) -> None:
        super().__init__()
        at_least_1(crop=None if crop is None else tuple(crop))
        self.settings = {"width": width, "depth": depth, "crop": crop}
        self.crop = crop
        self.unet = UNet(width=width, depth=depth)

    def check(self, height: int, width: int) -> None:
        self.unet.check(*self._seen(height, width))

    def forward(self, y: Tensor, operator: Fourier) -> Tensor:
        images = operator.pinv(y)
        m_0 = center_crop(root_sum_of_squares(images), self._seen(*images.shape[-2:]))
        tiny = torch.finfo(m_0.dtype).tiny
        mean, std = m_0.mean((1, 2, 3), keepdim=True), m_0.std((1, 2, 3), keepdim=True)
        normalized = ((m_0 - mean) / std.clamp_min(tiny)).clamp(-_LARGEST, _LARGEST)
        m = (self.unet(normalized).to(m_0.dtype) * std + mean).abs()
        margins = [whole - seen for whole, seen in zip(images.shape[-2:], m.shape[-2:], strict=True)]
        top, left = (margin // 2 for margin in margins)
        ratio = torch.where(m_0 > 0, m / m_0.clamp_min(tiny), 1)  # a black pixel has no phase to be lit up with
        ratio = F.pad(ratio, (left, margins[1] - left, top, margins[0] - top), value=1.0)
        return images * ratio

    def _seen(self, height: int, width: int) -> tuple[int, int]:
        return (height, width) if self.crop is None else (min(height, self.crop[0]), min(width, self.crop[1]))
