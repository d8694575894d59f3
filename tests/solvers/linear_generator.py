"""A generator with closed forms: G(z) = W z."""

import torch
from torch import Tensor

from lit_inverse.networks import ImageGenerator
from lit_inverse.operators import Gaussian, Matrix
from lit_inverse.seeding import generator

N, K, M, B = 12, 3, 8, 2
SEEDS = [5, 6]


class LinearGenerator(ImageGenerator):
    """W (12, 3) of normal entries."""

    latent_shape, out_shape, value_range = (K,), (N,), None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", torch.randn(N, K, generator=generator(1)).double())

    def forward(self, z: Tensor) -> Tensor:
        return z @ self.w.mT

    w: Tensor


def problem(noise: float = 0.1) -> tuple[Tensor, Matrix, Tensor]:
    """x (2, 12) in the range, one A each, and y with a little of what the range can not explain."""
    a = Gaussian((N,), M, [1, 2]).double()
    x = LinearGenerator()(torch.randn(B, K, generator=generator(3)).double())
    return x, a, a(x) + noise * torch.randn(B, M, generator=generator(4)).double()


def ridge(y: Tensor, a: Matrix, weight: float) -> Tensor:
    """W z of the smallest ||y - A W z||^2 + weight ||z||^2."""
    w = LinearGenerator().w
    aw = a.matrix @ w
    return torch.linalg.solve(aw.mT @ aw + weight * torch.eye(K).double(), aw.mT @ y.unsqueeze(2)).squeeze(2) @ w.mT
