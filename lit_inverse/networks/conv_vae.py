"""A convolutional variational autoencoder."""

import itertools
import math
from collections.abc import Callable

from torch import Tensor, nn

from lit_inverse.networks.dcgan import Crop
from lit_inverse.networks.gan import n_doublings
from lit_inverse.networks.generator import ImageGenerator, ValueRange, image_shape, in_stages
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class ConvVAE(ImageGenerator):
    """`VAE` with convolutions: Gaussian encoder q(z | x) = N(mu, diag(exp(log_var))), decoder with pixel means G(z).

    The decoder has the layers of `GANGenerator` and the encoder those of `Discriminator`, convolutions of 5 x 5 and
    stride 2, with ReLU, biases and no batch norm, by which one image's code would depend on the others. Called, it is
    the generator G; x and G(z) lie in (0, 1).

    Weights are initialised by the law "torch" of `initialize` with seed 0.

    Args:
        in_shape: (C, H, W) of x.
        latent_dim: k, the dimension of z.
        width: channels of the encoder's first and the decoder's last hidden layer, doubled towards z.

    Raises:
        ValueError: when the shape is not (C, H, W), or a size is not positive.
    """

    value_range: ValueRange | None = (0.0, 1.0)
    paper_law: Law = "torch"

    def __init__(self, in_shape: tuple[int, ...] = (1, 28, 28), latent_dim: int = 20, width: int = 32) -> None:
        super().__init__()
        n_channels, height, width_of_x = self.in_shape = self.out_shape = image_shape(in_shape, "in_shape")
        at_least_1(latent_dim=latent_dim, width=width)
        self.latent_dim, self.latent_shape = latent_dim, (latent_dim,)
        depth = n_doublings((height, width_of_x))
        innermost = [math.ceil(length / 2**depth) for length in (height, width_of_x)]
        channels = [n_channels, *(width * 2**layer for layer in range(depth))]
        n_features = channels[-1] * math.prod(innermost)
        encoder: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(channels):
            encoder += [undrawn(nn.Conv2d, n_in, n_out, 5, 2, 2), nn.ReLU(inplace=True)]
        self.encoder = nn.Sequential(*encoder, nn.Flatten(), undrawn(nn.Linear, n_features, 2 * latent_dim))
        decoder: list[nn.Module] = [
            undrawn(nn.Linear, latent_dim, n_features),
            nn.Unflatten(1, (channels[-1], *innermost)),
        ]
        for n_in, n_out in itertools.pairwise(reversed(channels)):
            decoder += [nn.ReLU(inplace=True), undrawn(nn.ConvTranspose2d, n_in, n_out, 5, 2, 2, 1)]
        self.decoder = nn.Sequential(*decoder, Crop([height, width_of_x]))
        initialize(self, "torch", generator(0))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), each (B, k), for x of shape (B, *in_shape)."""
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        return mu, log_var

    def logits(self, z: Tensor) -> Tensor:
        """log(G(z) / (1 - G(z))), from which cross-entropies are exact; (B, k) to (B, *in_shape)."""
        logits: Tensor = self.decoder(z)
        return logits

    def forward(self, z: Tensor) -> Tensor:
        """The generator G(z); (B, k) to (B, *in_shape)."""
        return self.logits(z).sigmoid()

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """The layers of the decoder, the last with the sigmoid."""
        return in_stages(nn.Sequential(*self.decoder, nn.Sigmoid()))
