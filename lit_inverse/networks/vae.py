"""The variational autoencoder of Bora et al. 2017 on small grey images."""

import itertools
import math
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, ValueRange, in_stages


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with softplus between them, Xavier-uniform weights and zero biases."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        linear = nn.Linear(n_in, n_out)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Softplus()]
    return nn.Sequential(*layers[:-1])


class VAE(ImageGenerator):
    """Gaussian encoder q(z | x) = N(mu, diag(exp(log_var))) and Bernoulli decoder p(x | z) with means G(z).

    With its defaults the network of Bora et al. 2017, Sec. 6.1 (authors' mnist-vae): 784-500-500-(20, 20) and
    20-500-500-784, softplus between the layers, a sigmoid at the end, Xavier weights and zero biases. Called, it is
    the generator G; x and G(z) lie in (0, 1).

    Args:
        in_shape: shape of x without the batch.
        latent_dim: k, the dimension of z.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse.

    Raises:
        ValueError: when a dimension or width is less than 1.
    """

    value_range: ValueRange | None = (0.0, 1.0)

    def __init__(
        self, in_shape: tuple[int, ...] = (1, 28, 28), latent_dim: int = 20, hidden: tuple[int, ...] = (500, 500)
    ) -> None:
        super().__init__()
        for name, sizes in (("in_shape", in_shape), ("latent_dim", (latent_dim,)), ("hidden", hidden)):
            if min(sizes, default=0) < 1:
                raise ValueError(f"{name} is {sizes}, expected sizes of at least 1")
        self.in_shape = self.out_shape = tuple(in_shape)
        self.latent_dim, self.latent_shape = latent_dim, (latent_dim,)
        n = math.prod(in_shape)
        self.encoder = mlp([n, *hidden, 2 * latent_dim])
        self.decoder = mlp([latent_dim, *reversed(hidden), n])

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), each (B, k), for x of shape (B, *in_shape)."""
        mu, log_var = self.encoder(x.flatten(1)).chunk(2, dim=1)
        return mu, log_var

    def logits(self, z: Tensor) -> Tensor:
        """log(G(z) / (1 - G(z))), from which cross-entropies are exact; (B, k) to (B, *in_shape)."""
        logits: Tensor = self.decoder(z)
        return logits.view(-1, *self.in_shape)

    def forward(self, z: Tensor) -> Tensor:
        """The generator G(z); (B, k) to (B, *in_shape)."""
        return self.logits(z).sigmoid()

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """The layers of the decoder, the last with the sigmoid."""
        return in_stages(nn.Sequential(*self.decoder, nn.Sigmoid(), nn.Unflatten(1, self.in_shape)))
