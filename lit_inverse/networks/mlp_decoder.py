"""Images from a few measurements in one pass, by a network that belongs to its A."""

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ValueRange
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.operators import LinearOperator
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class MLPDecoder(UnfoldedNetwork):
    """x = low + (high - low) sigmoid(W_L relu(... relu(W_1 y + b_1)) + b_L), and the matrix of the A that y comes from.

    The decoder of uncertainty autoencoders (Grover and Ermon 2019). It does not iterate: it is an `UnfoldedNetwork` of
    a single layer, and by that interface a solver (`Unfolded`) that knows its A. The matrix is a weight, which
    `LearnedMeasurementsModule` may train too.

    Args:
        m: number of measurements.
        in_shape: of x.
        hidden: widths of the layers between y and x.
        value_range: (low, high) of x.
        seed: of the first weights, U(-b, b) with b = 1 / sqrt(inputs of the layer).

    Raises:
        ValueError: when a size is not positive, or not low < high, both finite.
    """

    value_range: ValueRange

    def __init__(
        self,
        m: int = 50,
        in_shape: tuple[int, ...] = (1, 28, 28),
        hidden: tuple[int, ...] = (500, 500),
        value_range: ValueRange = (0.0, 1.0),
        seed: int = 0,
    ) -> None:
        at_least_1(m=m, in_shape=tuple(in_shape))
        n = math.prod(in_shape)
        super().__init__(m, n, 1)
        low, high = value_range
        if not -math.inf < low < high < math.inf:
            raise ValueError(f"value_range is {value_range}, expected (low, high) with finite low < high")
        self.value_range = (low, high)
        self.in_shape = tuple(in_shape)
        self.settings = {"m": m, "in_shape": self.in_shape, "hidden": tuple(hidden), "value_range": (low, high)}
        self.settings |= {"seed": seed}
        self.matrix = nn.Parameter(torch.zeros(m, n))
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise([m, *hidden, n]):
            at_least_1(hidden=n_out)
            layers += [undrawn(nn.Linear, n_in, n_out), nn.ReLU()]
        self.decoder = nn.Sequential(*layers[:-1], nn.Sigmoid())
        initialize(self.decoder, "torch", generator(seed))

    def _initialize(self, operator: LinearOperator) -> None:
        """The decoder begins anywhere."""
        self.matrix.copy_(dense(operator))

    def decode(self, y: Tensor) -> Tensor:
        """x, (B, *in_shape), from y (B, m)."""
        low, high = self.value_range
        x: Tensor = low + (high - low) * self.decoder(y)
        return x.view(-1, *self.in_shape)

    def steps(self, system: System) -> Iterator[Tensor]:
        yield self.decode(system.y).flatten(1)
