"""The layers of decoders that grow geometrically from a small input to an image."""

import math
from typing import Literal

from torch import nn

from lit_inverse.networks.undrawn import undrawn

Size = tuple[int, int]


def decoder_sizes(in_size: Size, out_size: Size, depth: int) -> list[Size]:
    """(height, width) after each of `depth` layers: ceil(in (out / in)^(l / depth)), l = 1, ..., depth."""

    def size(start: int, end: int, layer: int) -> int:
        # 4 to 32 in 3 layers is 8, 16, 32 and must not become 9 by rounding
        return math.ceil(start * math.pow(end / start, layer / depth) - 1e-9)

    (h, w), (height, width) = in_size, out_size
    inner = [(size(h, height, layer), size(w, width, layer)) for layer in range(1, depth)]
    return [*inner, (height, width)]


def decoder_layers(
    width: int,
    out_channels: int,
    sizes: list[Size | None],
    kernel_size: int,
    upsample: Literal["bilinear", "nearest"],
    sigmoid: bool,
) -> nn.Sequential:
    """Per size upsampling, a convolution, ReLU and batch norm; then a 1 x 1 convolution and, if wanted, a sigmoid.

    Args:
        width: channels of all layers.
        out_channels: channels of the image.
        sizes: of the layers; None for one without upsampling.
        kernel_size: of the convolutions, which keep the size and have no bias.
        upsample: how.
        sigmoid: whether there is one.
    """
    layers: list[nn.Module] = []
    for size in sizes:
        step: list[nn.Module] = [] if size is None else [nn.Upsample(size, mode=upsample)]
        # a 1 x 1 convolution commutes with upsampling, and is cheaper before it
        step.insert(0 if kernel_size == 1 else len(step), _convolution(width, width, kernel_size))
        layers += [*step, nn.ReLU(inplace=True), nn.BatchNorm2d(width, track_running_stats=False)]
    layers.append(_convolution(width, out_channels, 1))
    return nn.Sequential(*layers, *[nn.Sigmoid()] * sigmoid)


def _convolution(in_channels: int, out_channels: int, kernel_size: int) -> nn.Module:
    return undrawn(nn.Conv2d, in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
