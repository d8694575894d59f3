"""The U-Net of fastMRI."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class UNet(nn.Module):
    """Images to images (Ronneberger et al. 2015), as in the baseline of fastMRI (Zbontar et al. 2018, Sec. 5.2).

    A level filters twice by 3 x 3 kernels, each followed by instance norm and LeakyReLU(0.2); averages of 2 x 2 pixels
    go to the next level, of twice as many channels. Its result is doubled by a transposed convolution of stride 2,
    joined with what went down and filtered twice again; at the end a 1 x 1 convolution. Only that one has biases. With
    its defaults 7,756,097 weights, the smallest network of the baseline; width 256 has 496,372,225.

    Rows and columns that averaging loses, where a level has an odd number, are filled up by reflection.

    Deviation: no dropout, which the baseline's published settings do not use either (probability 0).

    Args:
        in_channels: of the images given.
        out_channels: of the images returned.
        width: channels of the finest level.
        depth: number of times images are halved.

    Weights are initialised by the law "torch" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when a number is less than 1; when called, if the images are too small for the depth.
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 1, width: int = 32, depth: int = 4) -> None:
        super().__init__()
        at_least_1(in_channels=in_channels, out_channels=out_channels, width=width, depth=depth)
        self.depth = depth
        self.levels = _Level(in_channels, width, depth)
        self.last = undrawn(nn.Conv2d, width, out_channels, 1)
        initialize(self, "torch", generator(0))

    def check(self, height: int, width: int) -> None:
        """Refuses images of less than 2 pixels on the coarsest level, where instance norm would leave nothing."""
        if (height >> self.depth) * (width >> self.depth) < 2:
            side = 2**self.depth
            raise ValueError(
                f"images are {height} x {width}, expected at least {side} x {2 * side} for depth {self.depth}: lower it"
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, H, W)."""
        self.check(*x.shape[2:])
        out: Tensor = self.last(self.levels(x))
        return out


class _Level(nn.Module):
    """A level and all below it, (B, in_channels, H, W) to (B, width, H, W)."""

    def __init__(self, in_channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.down = _filtered_twice(in_channels, width)
        self.below: _Level | None = None
        if depth > 0:
            self.below = _Level(width, 2 * width, depth - 1)
            enlarge = undrawn(nn.ConvTranspose2d, 2 * width, width, 2, stride=2, bias=False)
            self.enlarge = nn.Sequential(enlarge, *_normalized(width))
            self.up = _filtered_twice(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        if self.below is None:
            return x
        coarse = self.enlarge(self.below(F.avg_pool2d(x, 2)))
        lost = [x.shape[axis] - coarse.shape[axis] for axis in (3, 2)]
        if any(lost):
            coarse = F.pad(coarse, (0, lost[0], 0, lost[1]), mode="reflect")
        joined: Tensor = self.up(torch.cat([coarse, x], 1))
        return joined


def _filtered_twice(in_channels: int, width: int) -> nn.Sequential:
    convolutions = [undrawn(nn.Conv2d, n, width, 3, padding=1, bias=False) for n in (in_channels, width)]
    return nn.Sequential(*(layer for conv in convolutions for layer in (conv, *_normalized(width))))


def _normalized(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(width), nn.LeakyReLU(0.2, inplace=True)
