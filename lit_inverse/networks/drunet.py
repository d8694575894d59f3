"""The U-Net of deep plug-and-play priors."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.denoising import DenoisingNetwork, noise_map
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class DRUNet(DenoisingNetwork):
    """A residual U-Net that is told sigma by a constant channel (Zhang et al. 2021, IEEE TPAMI 44(10), Sec. 3.1).

    Per scale, on the way down and up: residual blocks x + conv(relu(conv(x))) of 3 x 3 kernels; between scales a
    convolution of 2 x 2 and stride 2, or a transposed one, and what a scale had on the way down is added to what it
    has on the way up. There are no biases: with ReLU, D(c x, c sigma) = c D(x, sigma) for each c > 0, so noise far
    above the levels of training is noise of those levels in an image of less contrast.

    With its defaults the published network: 32,638,656 weights for grey images, 32,640,960 for colour.

    Deviations: a `shuffle` > 1 has the network work on blocks of pixels as channels, which the paper's does not
    (Zhang et al. 2018, FFDNet, do, with 2): at the same number of channels per scale it is 4 times as fast.

    Args:
        in_channels: C of the images.
        channels: of each scale, the finest first.
        n_blocks: residual blocks of a scale, on either way.
        shuffle: side in pixels of the blocks; 1 for none.

    Weights are initialised by the law "torch" of `initialize` with seed 0; call it to draw others. Images whose sides
    are no multiples of shuffle 2^(scales - 1) are continued by their last row and column, and the estimate is cropped.

    Raises:
        ValueError: when a number is less than 1.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: tuple[int, ...] = (64, 128, 256, 512),
        n_blocks: int = 4,
        shuffle: int = 1,
    ) -> None:
        super().__init__()
        at_least_1(in_channels=in_channels, channels=tuple(channels), n_blocks=n_blocks, shuffle=shuffle)
        self.in_channels, self.shuffle = in_channels, shuffle
        self.multiple = shuffle * 2 ** (len(channels) - 1)
        n_pixels = in_channels * shuffle**2
        self.head = undrawn(nn.Conv2d, n_pixels + 1, channels[0], 3, padding=1, bias=False)
        self.scales = _Scale(tuple(channels), n_blocks)
        self.tail = undrawn(nn.Conv2d, channels[0], n_pixels, 3, padding=1, bias=False)
        initialize(self, "torch", generator(0))

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The estimate for noisy images x (B, C, H, W) of any size and noise levels sigma (B,), (B, C, H, W)."""
        height, width = x.shape[2:]
        padded = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        pixels = F.pixel_unshuffle(padded, self.shuffle)
        features = self.head(torch.cat([pixels, noise_map(pixels, sigma)], 1))
        estimate = F.pixel_shuffle(self.tail(features + self.scales(features)), self.shuffle)
        return estimate[..., :height, :width]


class _Scale(nn.Module):
    """A scale and all coarser ones, which keep the shape (B, channels[0], H, W)."""

    def __init__(self, channels: tuple[int, ...], n_blocks: int) -> None:
        super().__init__()
        own, *coarser = channels
        self.down = nn.Sequential(*(_Block(own) for _ in range(n_blocks)))
        self.coarser: _Scale | None = None
        if coarser:
            self.reduce = undrawn(nn.Conv2d, own, coarser[0], 2, stride=2, bias=False)
            self.coarser = _Scale(tuple(coarser), n_blocks)
            self.enlarge = undrawn(nn.ConvTranspose2d, coarser[0], own, 2, stride=2, bias=False)
            self.up = nn.Sequential(*(_Block(own) for _ in range(n_blocks)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        if self.coarser is not None:
            below = self.reduce(x)
            x = self.up(self.enlarge(below + self.coarser(below)))
        return x


class _Block(nn.Module):
    """x + conv(relu(conv(x)))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = [undrawn(nn.Conv2d, channels, channels, 3, padding=1, bias=False) for _ in range(2)]
        self.residual = nn.Sequential(layers[0], nn.ReLU(inplace=True), layers[1])

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.residual(x)
        return x + residual
