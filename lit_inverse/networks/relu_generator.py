"""The random networks that theory of recovery with generative priors is about."""

import itertools
import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, ValueRange, in_stages
from lit_inverse.networks.initialization import Law, draw_normal, initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, one_of

Scale = Literal["he", "unit"]


class ReLUGenerator(ImageGenerator):
    """G(z) = relu(W_d ... relu(W_2 relu(W_1 z))), W_i (n_i, n_{i-1}) Gaussian, without biases.

    The model of Hand and Voroninski 2018, of Huang, Hand, Heckel and Voroninski 2021 (survey, Sec. II-D) and of Cocola
    2022, eq. (2). They have (W_i)_jk ~ N(0, 1/n_i), by which each layer halves the mean square: E ||G(z)||^2 =
    2^-d ||z||^2. By default the weights are sqrt(2) larger (Cocola 2022, Remark 1) and ||G(z)|| is about ||z||:
    constants 2^d then leave bounds and step sizes. Layers may expand (n_i > n_{i-1}) or contract.

    Args:
        widths: k, n_1, ..., n_d.
        out_shape: of x, of n_d entries in all; None for vectors (n_d,).
        seed: of the weights.
        scale: "he" for N(0, 2/n_i), "unit" for N(0, 1/n_i).

    Raises:
        ValueError: when there are fewer than two widths, one is less than 1, or out_shape has not n_d entries.
    """

    value_range: ValueRange | None = None

    def __init__(
        self,
        widths: tuple[int, ...] = (10, 250, 600, 200),
        out_shape: tuple[int, ...] | None = None,
        seed: int = 0,
        scale: Scale = "he",
    ) -> None:
        super().__init__()
        at_least_1(widths=tuple(widths))
        one_of(Scale, scale=scale)
        if len(widths) < 2:
            raise ValueError(f"widths are {tuple(widths)}, expected the dimension of z and at least one layer's")
        self.widths, self.latent_shape = tuple(widths), (widths[0],)
        self.out_shape = (widths[-1],) if out_shape is None else tuple(out_shape)
        if math.prod(self.out_shape) != widths[-1]:
            raise ValueError(f"out_shape is {self.out_shape}, expected {widths[-1]} entries, the last of the widths")
        gain = 2 if scale == "he" else 1
        layers = [layer for n_in, n in itertools.pairwise(widths) for layer in (_Weights(n_in, n, gain), nn.ReLU())]
        self.layers = nn.Sequential(*layers)
        initialize(self, "paper", generator(seed))

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k) to x (B, *out_shape)."""
        x: Tensor = self.layers(z)
        return x.view(-1, *self.out_shape)

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """Its layers."""
        return in_stages(nn.Sequential(*self.layers, nn.Unflatten(1, self.out_shape)))


class _Weights(nn.Module):
    """x -> W x with W_ij ~ N(0, gain / n_out)."""

    def __init__(self, n_in: int, n_out: int, gain: float) -> None:
        super().__init__()
        self.weight = undrawn(nn.Linear, n_in, n_out, bias=False).weight
        self.gain = gain

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """The only law there is."""
        draw_normal(self.weight, math.sqrt(self.gain / len(self.weight)), source)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight)
