"""The DCGAN generators of CS-DIP."""

import math
from collections.abc import Callable

from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, image_shape, in_stages
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.networks.upsampled_conv import UpsampledConvTranspose2d
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1

_LATENT_DIM = {(1, 28, 28): 128, (1, 256, 256): 64, (3, 128, 128): 32}


class DCGANGenerator(ImageGenerator):
    """G(z) in (-1, 1): transposed convolutions, each but the last followed by batch norm and ReLU, and a tanh.

    The three networks of Van Veen et al. 2018 (CS-DIP, Appendix A and their code): 2,730,432 weights for 28 x 28 x 1,
    804,608 for 256 x 256 x 1, 626,304 for 128 x 128 x 3. Deviation from the paper's text: the latent dimensions 64
    and 32 of the larger two are those of the code; the paper says 128 for all, and other shapes have that.

    Other images of 28 x 28 have the first network, all others the pattern of the larger two: a first layer of at most
    4 x 4 pixels, doubled until it covers the image, and cropped to it around the centre.

    Args:
        out_shape: (C, H, W) of the images.
        latent_dim: k, the length of z; None for the published 128, 64 or 32, and 128 for other shapes.
        width: channels of the last hidden layer; 64 is published.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when the shape is not (C, H, W), or a size is not positive.
    """

    def __init__(
        self, out_shape: tuple[int, ...] = (1, 28, 28), latent_dim: int | None = None, width: int = 64
    ) -> None:
        super().__init__()
        self.out_shape = image_shape(out_shape)
        latent_dim = _LATENT_DIM.get(self.out_shape, 128) if latent_dim is None else latent_dim
        at_least_1(latent_dim=latent_dim, width=width)
        self.latent_dim, self.latent_shape = latent_dim, (latent_dim,)
        layers = _upsampled if self.out_shape[1:] == (28, 28) else _strided
        self.layers = nn.Sequential(*layers(latent_dim, width, self.out_shape), nn.Tanh())
        initialize(self, "paper", generator(0))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k) to images (B, C, H, W)."""
        images: Tensor = self.layers(z[:, :, None, None])
        return images

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """Its convolutions, each with what follows it."""
        return in_stages(nn.Sequential(nn.Unflatten(1, (self.latent_dim, 1, 1)), *self.layers))


def _upsampled(latent_dim: int, width: int, out_shape: tuple[int, int, int]) -> list[nn.Module]:
    """1 -> 2, upsampled to 4 -> 7 -> 7, to 14 -> 14, to 28 -> 28; the channels are halved from layer to layer."""
    return [
        *_hidden(UpsampledConvTranspose2d(latent_dim, 8 * width, kernel_size=2), 8 * width),
        *_hidden(UpsampledConvTranspose2d(8 * width, 4 * width, kernel_size=4, upsample=2), 4 * width),
        *_hidden(UpsampledConvTranspose2d(4 * width, 2 * width, kernel_size=3, padding=1), 2 * width),
        *_hidden(UpsampledConvTranspose2d(2 * width, width, kernel_size=3, padding=1, upsample=2), width),
        UpsampledConvTranspose2d(width, out_shape[0], kernel_size=3, padding=1, upsample=2),
    ]


def _strided(latent_dim: int, width: int, out_shape: tuple[int, int, int]) -> list[nn.Module]:
    """1 -> (h, w), at most 4, doubled by each layer of stride 2; the same number of channels in all."""
    channels, *size = out_shape
    n_doublings = max(1, math.ceil(math.log2(max(size) / 4)))
    h, w = (max(2, math.ceil(length / 2**n_doublings)) for length in size)
    if h == w:
        layers = _hidden(UpsampledConvTranspose2d(latent_dim, width, kernel_size=h), width)
    else:
        layers = _hidden(_conv_transpose(latent_dim, width, (h, w), padding=0), width)
    for _ in range(n_doublings - 1):
        layers += _hidden(_conv_transpose(width, width, 6, padding=2), width)
    layers.append(_conv_transpose(width, channels, 4, padding=1))
    covered = [2**n_doublings * h, 2**n_doublings * w]
    return layers if covered == size else [*layers, Crop(size)]


class Crop(nn.Module):
    """The central (H, W) pixels."""

    def __init__(self, size: list[int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        (height, width), (top, left) = self.size, ((a - b) // 2 for a, b in zip(x.shape[-2:], self.size, strict=True))
        return x[..., top : top + height, left : left + width]


def _conv_transpose(n_in: int, n_out: int, kernel_size: int | tuple[int, int], padding: int) -> nn.Module:
    return undrawn(nn.ConvTranspose2d, n_in, n_out, kernel_size, 2, padding, bias=False)


def _hidden(convolution: nn.Module, channels: int) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
