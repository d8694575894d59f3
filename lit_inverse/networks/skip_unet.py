"""The hourglass with skip connections of the deep image prior."""

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, image_shape, small_uniform
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1

Upsampling = Literal["bilinear", "nearest"]
Padding = Literal["reflection", "zero"]


class SkipUNet(ImageGenerator):
    """The network "skip" of the deep image prior (Ulyanov et al. 2018, supplement), images in (0, 1).

    Each level halves the image (stride 2), filters it, has the next level work on it, doubles it and joins it with a
    few channels that skip all this. Convolutions have biases; batch norm and LeakyReLU(0.2) follow each.

    Settings of the authors' code, with the number of weights for colour images:

    - denoising and super-resolution: the defaults; 2,217,831;
    - inpainting of text or many pixels: channels_skip five times 128, upsample nearest; 3,002,627;
    - inpainting of a large hole: channels_skip five times 0, upsample nearest, meshgrid; 2,157,955;
    - inpainting of the library: channels_down and channels_up (16, 32, 64, 128, 128, 128), channels_skip six times 0,
      kernel_down 5, upsample nearest, pixelwise false, input_depth 1; 2,996,467;
    - JPEG artefacts: channels_down and channels_up (8, 16, 32, 64, 128), channels_skip (0, 0, 0, 4, 4), input_depth
      3; 572,827.

    Made for the input z ~ U(0, 0.1). The authors fit with Adam, lr 0.01, and jitter z by N(0, 1/30^2) in each step.

    Deviations: sizes need not be multiples of 32, since each level is cropped to the size it had on the way down. The
    last levels are left out where fewer than 2 pixels, or too few to reflect, would remain in a row or column.

    Args:
        out_shape: (C, H, W) of the images.
        channels_down: filters of each level on the way down.
        channels_up: the same on the way up.
        channels_skip: channels that skip the level; 0 for none.
        input_depth: channels of z, which has the size of the image.
        meshgrid: whether z is instead the coordinates x and y in [0, 1] of the pixels.
        kernel_down: size of the kernels on the way down, odd.
        kernel_up: the same on the way up.
        kernel_skip: the same of the skip connections.
        pixelwise: whether a 1 x 1 convolution follows on the way up.
        upsample: how images are doubled.
        padding: how images are continued beyond their border.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when the shape is not (C, H, W) with H and W of at least 3, the levels differ in number, a size is
            not positive, a kernel even, or an option unknown.
    """

    value_range = (0.0, 1.0)

    def __init__(
        self,
        out_shape: tuple[int, ...] = (3, 512, 512),
        channels_down: tuple[int, ...] = (128, 128, 128, 128, 128),
        channels_up: tuple[int, ...] = (128, 128, 128, 128, 128),
        channels_skip: tuple[int, ...] = (4, 4, 4, 4, 4),
        input_depth: int = 32,
        meshgrid: bool = False,
        kernel_down: int = 3,
        kernel_up: int = 3,
        kernel_skip: int = 1,
        pixelwise: bool = True,
        upsample: Upsampling = "bilinear",
        padding: Padding = "reflection",
    ) -> None:
        super().__init__()
        self.out_shape = channels, height, width = image_shape(out_shape)
        at_least_1(input_depth=input_depth)
        levels = _levels(tuple(channels_down), tuple(channels_up), tuple(channels_skip))
        style = _Style(kernel_down, kernel_up, kernel_skip, pixelwise, upsample, padding)
        depth = _possible_depth(min(height, width), style.smallest_size())
        if depth == 0:
            raise ValueError(f"out_shape is {self.out_shape}, expected a larger image for kernels of {style[:3]}")
        self.meshgrid = meshgrid
        self.latent_shape = (2 if meshgrid else input_depth, height, width)
        hourglass = _Level(self.latent_shape[0], levels[:depth], style)
        self.layers = nn.Sequential(hourglass, undrawn(nn.Conv2d, channels_up[0], channels, 1), nn.Sigmoid())
        initialize(self, "paper", generator(0))

    def draw_latent(self, source: torch.Generator) -> Tensor:
        """z ~ U(0, 0.1), (input_depth, H, W) in float32, or the coordinates (2, H, W) of the pixels."""
        if not self.meshgrid:
            return small_uniform(self.latent_shape, source)
        y, x = (torch.linspace(0, 1, length, dtype=torch.float32) for length in self.out_shape[1:])
        return torch.stack(torch.meshgrid(x, y, indexing="xy"))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, *latent_shape) to images (B, C, H, W)."""
        images: Tensor = self.layers(z)
        return images


class _LevelWidths(NamedTuple):
    down: int
    up: int
    skip: int


class _Style(NamedTuple):
    kernel_down: int
    kernel_up: int
    kernel_skip: int
    pixelwise: bool
    upsample: Upsampling
    padding: Padding

    def smallest_size(self) -> int:
        """Pixels in a row that batch norm and reflection need."""
        kernels = self[:3]
        if min(kernels) < 1 or not all(kernel % 2 for kernel in kernels):
            raise ValueError(f"kernel_down, _up and _skip are {kernels}, expected odd numbers")
        if self.upsample not in ("bilinear", "nearest") or self.padding not in ("reflection", "zero"):
            raise ValueError(f"upsample is {self.upsample!r} and padding {self.padding!r}, expected a documented one")
        return max(2, 1 + max(kernels) // 2)


class _Level(nn.Module):
    """A level and all below it: (B, n_in, H, W) to (B, levels[0].up, H, W)."""

    def __init__(self, n_in: int, levels: list[_LevelWidths], style: _Style) -> None:
        super().__init__()
        (down, up, skip), *deeper = levels
        self.upsample = style.upsample
        self.skip = nn.Sequential(*_block(n_in, skip, style.kernel_skip, style)) if skip else None
        self.down = nn.Sequential(
            *_block(n_in, down, style.kernel_down, style, stride=2),
            *_block(down, down, style.kernel_down, style),
            *([_Level(down, deeper, style)] if deeper else []),
        )
        joined = skip + (deeper[0].up if deeper else down)
        self.up = nn.Sequential(
            nn.BatchNorm2d(joined, track_running_stats=False),
            *_block(joined, up, style.kernel_up, style),
            *(_block(up, up, 1, style) if style.pixelwise else []),
        )

    def forward(self, x: Tensor) -> Tensor:
        below = F.interpolate(self.down(x), scale_factor=2, mode=self.upsample)
        below = below[..., : x.shape[-2], : x.shape[-1]]
        result: Tensor = self.up(below if self.skip is None else torch.cat([self.skip(x), below], 1))
        return result


def _block(n_in: int, n_out: int, kernel_size: int, style: _Style, stride: int = 1) -> list[nn.Module]:
    padding = kernel_size // 2
    mode = "reflect" if style.padding == "reflection" and padding else "zeros"
    convolution = undrawn(nn.Conv2d, n_in, n_out, kernel_size, stride, padding, padding_mode=mode)
    return [convolution, nn.BatchNorm2d(n_out, track_running_stats=False), nn.LeakyReLU(0.2, inplace=True)]


def _levels(down: tuple[int, ...], up: tuple[int, ...], skip: tuple[int, ...]) -> list[_LevelWidths]:
    if not len(down) == len(up) == len(skip):
        raise ValueError(
            f"channels_down, _up and _skip have {len(down)}, {len(up)} and {len(skip)} levels, not the same"
        )
    at_least_1(channels_down=down, channels_up=up)
    if min(skip) < 0:
        raise ValueError(f"channels_skip is {skip}, expected at least 0")
    return [_LevelWidths(*widths) for widths in zip(down, up, skip, strict=True)]


def _possible_depth(size: int, smallest: int) -> int:
    """How often an image can be halved, rounding up, with at least `smallest` pixels in a row throughout."""
    half = (size + 1) // 2
    return 0 if half < smallest else 1 + _possible_depth(half, smallest)
