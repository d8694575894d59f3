"""The DCGAN generators of CS-DIP."""

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.upsampled_conv import UpsampledConvTranspose2d
from lit_inverse.seeding import generator

_LATENT_DIM = {(1, 28, 28): 128, (1, 256, 256): 64, (3, 128, 128): 32}


class DCGANGenerator(ImageGenerator):
    """G(z) in (-1, 1): transposed convolutions, each but the last followed by batch norm and ReLU, and a tanh.

    The three networks of Van Veen et al. 2018 (CS-DIP, Appendix A and their code): 2,730,432 weights for 28 x 28 x 1,
    804,608 for 256 x 256 x 1, 626,304 for 128 x 128 x 3. Deviation from the paper's text: the latent dimensions 64
    and 32 of the larger two are those of the code; the paper says 128 for all.

    Args:
        out_shape: (C, H, W) of the images: (1, 28, 28), (1, 256, 256) or (3, 128, 128).
        latent_dim: k, the length of z; None for the published 128, 64 or 32.
        width: channels of the last hidden layer; 64 is published.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when the shape is another one, or a size is not positive.
    """

    def __init__(
        self, out_shape: tuple[int, ...] = (1, 28, 28), latent_dim: int | None = None, width: int = 64
    ) -> None:
        super().__init__()
        self.out_shape = tuple(out_shape)
        if self.out_shape not in _LATENT_DIM:
            raise ValueError(f"out_shape is {self.out_shape}, expected one of {', '.join(map(str, _LATENT_DIM))}")
        latent_dim = _LATENT_DIM[self.out_shape] if latent_dim is None else latent_dim
        if latent_dim < 1 or width < 1:
            raise ValueError(f"latent_dim is {latent_dim} and width {width}, expected at least 1")
        self.latent_dim, self.latent_shape = latent_dim, (latent_dim,)
        layers = _upsampled if self.out_shape == (1, 28, 28) else _strided
        self.layers = nn.Sequential(*layers(latent_dim, width, self.out_shape), nn.Tanh())
        initialize(self, "paper", generator(0))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k) to images (B, C, H, W)."""
        images: Tensor = self.layers(z[:, :, None, None])
        return images


def _upsampled(latent_dim: int, width: int, out_shape: tuple[int, ...]) -> list[nn.Module]:
    """1 -> 2, upsampled to 4 -> 7 -> 7, to 14 -> 14, to 28 -> 28; the channels are halved from layer to layer."""
    return [
        *_hidden(UpsampledConvTranspose2d(latent_dim, 8 * width, kernel_size=2), 8 * width),
        *_hidden(UpsampledConvTranspose2d(8 * width, 4 * width, kernel_size=4, upsample=2), 4 * width),
        *_hidden(UpsampledConvTranspose2d(4 * width, 2 * width, kernel_size=3, padding=1), 2 * width),
        *_hidden(UpsampledConvTranspose2d(2 * width, width, kernel_size=3, padding=1, upsample=2), width),
        UpsampledConvTranspose2d(width, out_shape[0], kernel_size=3, padding=1, upsample=2),
    ]


def _strided(latent_dim: int, width: int, out_shape: tuple[int, ...]) -> list[nn.Module]:
    """1 -> 4, doubled by each layer of stride 2 up to the size of the image; the same number of channels in all."""
    layers = _hidden(UpsampledConvTranspose2d(latent_dim, width, kernel_size=4), width)
    size = 4
    while 2 * size < out_shape[-1]:
        layers += _hidden(_conv_transpose(width, width, kernel_size=6, padding=2), width)
        size *= 2
    return [*layers, _conv_transpose(width, out_shape[0], kernel_size=4, padding=1)]


def _conv_transpose(in_channels: int, out_channels: int, kernel_size: int, padding: int) -> nn.Module:
    # built on the meta device: the constructor would draw weights from the global random generator
    device = torch.get_default_device()
    with torch.device("meta"):
        layer = nn.ConvTranspose2d(in_channels, out_channels, kernel_size, 2, padding, bias=False)
    return layer.to_empty(device=device)


def _hidden(convolution: nn.Module, channels: int) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
