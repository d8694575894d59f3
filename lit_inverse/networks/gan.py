"""The generator and the discriminator of DCGAN, to be trained against each other."""

import itertools
import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from lit_inverse.networks.dcgan import Crop
from lit_inverse.networks.generator import ImageGenerator, image_shape, in_stages
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.networks.spectral_norm import spectral_norm
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, one_of

Norm = Literal["batch", "spectral", "none"]


def n_doublings(size: tuple[int, int]) -> int:
    """How often the first layer, of at most 7 x 7 pixels, is doubled: 2 for 28 x 28, 4 for 64 x 64."""
    return max(1, math.ceil(math.log2(max(size) / 7)))


class GANGenerator(ImageGenerator):
    """G(z) in (-1, 1): a linear layer, transposed convolutions of 5 x 5 and stride 2, and a tanh.

    Radford et al. 2015, Fig. 1 and Sec. 3, in the sizes of carpedm20's DCGAN-tensorflow, on which CSGM searches (Bora
    et al. 2017, Sec. 6.1): 64 x 64 pixels from 4 x 4 x 512, then 256, 128 and 64 channels. Each layer but the last is
    followed by batch norm and ReLU, and has no bias, which batch norm would remove. Other sizes: first at most
    7 x 7 pixels (28 x 28 from 7 x 7 x 128), doubled until it covers the image, and cropped to it around the middle.

    Weights are initialised by N(0, 0.02^2) (Sec. 4, the law "normal" of `initialize`) with seed 0.

    Args:
        out_shape: (C, H, W) of the images.
        latent_dim: k, the length of z; 100 is published.
        width: channels of the last hidden layer, doubled in each layer before it; 64 is carpedm20's.

    Raises:
        ValueError: when the shape is not (C, H, W), or a size is not positive.
    """

    paper_law: Law = "normal"

    def __init__(self, out_shape: tuple[int, ...] = (3, 64, 64), latent_dim: int = 100, width: int = 64) -> None:
        super().__init__()
        n_channels, *size = self.out_shape = image_shape(out_shape)
        at_least_1(latent_dim=latent_dim, width=width)
        self.latent_dim, self.latent_shape = latent_dim, (latent_dim,)
        depth = n_doublings((size[0], size[1]))
        first = [math.ceil(length / 2**depth) for length in size]
        channels = [width * 2**layer for layer in reversed(range(depth))]
        linear = undrawn(nn.Linear, latent_dim, channels[0] * math.prod(first), bias=False)
        layers: list[nn.Module] = [linear, nn.Unflatten(1, (channels[0], *first))]
        for n_in, n_out in itertools.pairwise([*channels, 0]):
            layers += [nn.BatchNorm2d(n_in), nn.ReLU(inplace=True)]
            layers.append(undrawn(nn.ConvTranspose2d, n_in, n_out or n_channels, 5, 2, 2, 1, bias=not n_out))
        crop = [] if [2**depth * length for length in first] == size else [Crop(size)]
        self.layers = nn.Sequential(*layers, *crop, nn.Tanh())
        initialize(self, "paper", generator(0))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k) to images (B, C, H, W)."""
        images: Tensor = self.layers(z)
        return images

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """The layers, each but the last with batch norm and ReLU."""
        return in_stages(self.layers)


class Discriminator(nn.Module):
    """D(x), a number per image: convolutions of 5 x 5 and stride 2 with leaky ReLU, and a linear layer.

    The mirror image of `GANGenerator` (Radford et al. 2015, Sec. 3; slope 0.2, Sec. 4): as many halvings, channels
    doubled in each. D(x) is the logit of "x is real", or what a critic thinks of x. Weights are initialised as the
    generator's.

    Args:
        in_shape: (C, H, W) of the images.
        width: channels of the first layer; 64 is carpedm20's.
        norm: "batch": batch norm after each convolution but the first, as published. "spectral": each layer is divided
            by its largest singular value, which makes D Lipschitz with constant 1 (see `spectral_norm`). "none", which
            the gradient penalty of WGAN-GP needs, as batch norm would mix the gradients of images.

    Raises:
        ValueError: when the shape is not (C, H, W), a size is not positive, or norm is another one.
    """

    def __init__(self, in_shape: tuple[int, ...] = (3, 64, 64), width: int = 64, norm: Norm = "batch") -> None:
        super().__init__()
        one_of(Norm, norm=norm)
        at_least_1(width=width)
        n_in, *size = self.in_shape = image_shape(in_shape, "in_shape")
        self.norm = norm
        layers: list[nn.Module] = []
        shapes: dict[nn.Module, tuple[int, ...]] = {}
        for layer in range(n_doublings((size[0], size[1]))):
            n_out = width * 2**layer
            batch = norm == "batch" and layer > 0
            convolution = undrawn(nn.Conv2d, n_in, n_out, 5, 2, 2, bias=not batch)
            shapes[convolution] = (n_in, *size)
            layers += [convolution, *[nn.BatchNorm2d(n_out)] * batch, nn.LeakyReLU(0.2, inplace=True)]
            n_in, size = n_out, [math.ceil(length / 2) for length in size]
        linear = undrawn(nn.Linear, n_in * math.prod(size), 1)
        shapes[linear] = (linear.in_features,)
        self.layers = nn.Sequential(*layers, nn.Flatten(), linear)
        initialize(self, "normal", generator(1))
        if norm == "spectral":
            for module, shape in shapes.items():
                spectral_norm(module, shape)

    def forward(self, x: Tensor) -> Tensor:
        """D of images (B, C, H, W), (B,)."""
        values: Tensor = self.layers(x)
        return values.squeeze(1)
