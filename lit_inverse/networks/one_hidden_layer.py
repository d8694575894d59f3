"""The network of which it is proved that gradient descent fits any signal with it, noise too."""

import math

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import Law, draw_normal, initialize
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, positive


class OneHiddenLayer(ImageGenerator):
    """G(z) = V ReLU(W z), of which W (d, k) is fitted and V (n, d) stays as drawn (Van Veen et al. 2018, Theorem 4.1).

    W_ij ~ N(0, 1) and V_ij ~ N(0, scale^2 / (n d ||z||^2)), by which E ||G(z)||^2 = scale^2 / 2; the theorem wants
    scale = ||y||. z has norm 1: V carries what another norm would do, and descent on W at a step eta ||z||^2 then
    moves W z, and so G, as for any other z. k has no influence either.

    Args:
        latent_dim: k.
        width: d, the number of hidden units.
        out_shape: of x, of n entries in all.
        scale: of the first outputs.
        seed: of W and V.

    Raises:
        ValueError: when a size is not positive or scale is none.
    """

    value_range = None
    outer: Tensor

    def __init__(
        self,
        latent_dim: int = 1,
        width: int = 1000,
        out_shape: tuple[int, ...] = (100,),
        scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.out_shape, self.latent_shape = tuple(out_shape), (latent_dim,)
        at_least_1(latent_dim=latent_dim, width=width, out_shape=self.out_shape)
        positive(scale=scale)
        n = math.prod(out_shape)
        self.std = scale / math.sqrt(n * width)
        self.inner = nn.Parameter(torch.empty(width, latent_dim))
        self.register_buffer("outer", torch.empty(n, width))
        initialize(self, "paper", generator(seed))

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """The only law there is."""
        draw_normal(self.inner, 1.0, source)
        draw_normal(self.outer, self.std, source)

    def draw_latent(self, source: torch.Generator) -> Tensor:
        """Uniform on the sphere."""
        z = torch.randn(self.latent_shape, generator=source, dtype=torch.float32)
        unit: Tensor = z / torch.linalg.vector_norm(z)
        return unit

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k) to x (B, *out_shape)."""
        x: Tensor = (z @ self.inner.T).relu() @ self.outer.T
        return x.view(-1, *self.out_shape)
