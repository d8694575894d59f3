"""Widths of a network, and which assumptions of theory they meet."""

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerWidth:
    """Width of a layer; an assumption with constant C holds if C is at most the number given here.

    Attributes:
        n_in: n_{i-1}.
        n_out: n_i.
        assumption_b: largest C with n_1 >= C k, or for i > 1 n_i >= C k log prod_{j<i} e n_j / k (Cocola 2022, B.2).
        expansive: largest C with n_i >= C n_{i-1} log n_{i-1} (Hand and Voroninski 2018; Cocola 2022, eq. (3)).
    """

    n_in: int
    n_out: int
    assumption_b: float
    expansive: float

    @property
    def ratio(self) -> float:
        """n_i / n_{i-1}, of which Daskalakis et al. 2020 ask that it be at least a constant."""
        return self.n_out / self.n_in


@dataclass(frozen=True)
class Expansivity:
    """Of a network; the constants of theory are not known as numbers, so the largest that its widths allow are told.

    Attributes:
        layers: one by one.
    """

    layers: tuple[LayerWidth, ...]

    @property
    def assumption_b(self) -> float:
        """Largest C with which Assumption B.2 holds for all layers."""
        return min(layer.assumption_b for layer in self.layers)

    @property
    def expansive(self) -> float:
        """Largest C with n_i >= C n_{i-1} log n_{i-1} for all layers."""
        return min(layer.expansive for layer in self.layers)

    @property
    def ratio(self) -> float:
        """The least n_i / n_{i-1}; below 1 in a network with contractive layers."""
        return min(layer.ratio for layer in self.layers)

    def measurements(self, m: int) -> float:
        """Largest C with m >= C k log prod_j e n_j / k (Cocola 2022, A.3)."""
        k = self.layers[0].n_in
        return _largest(m, k * _log_patterns([layer.n_out for layer in self.layers], k))

    def __str__(self) -> str:
        rows = [
            f"{layer.n_in:6d} -> {layer.n_out:6d}  ratio {layer.ratio:8.3g}  B {layer.assumption_b:8.3g}  "
            f"expansive {layer.expansive:8.3g}"
            for layer in self.layers
        ]
        least = f"all layers: ratio {self.ratio:.3g}, B holds for C <= {self.assumption_b:.3g}, "
        return "\n".join([*rows, f"{least}expansive for C <= {self.expansive:.3g}"])


def expansivity(widths: Sequence[int]) -> Expansivity:
    """Which assumptions the widths k, n_1, ..., n_d meet.

    Raises:
        ValueError: when there are fewer than two widths, or one is less than 1.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"widths are {tuple(widths)}, expected k and at least one layer's, all of them positive")
    k, layers = widths[0], list[LayerWidth]()
    for i, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        needed = k * (_log_patterns(widths[1 : i + 1], k) if i else 1)
        layers.append(LayerWidth(n_in, n_out, _largest(n_out, needed), _largest(n_out, n_in * math.log(n_in))))
    return Expansivity(tuple(layers))


@torch.no_grad()
def widths(network: nn.Module, z: Tensor) -> tuple[int, ...]:
    """k and the number of outputs of each linear layer and convolution, in the order of their use.

    Args:
        network: anything that takes z; a copy is run, so that it keeps its state.
        z: (B, *latent_shape).
    """
    sizes, network = [z[0].numel()], copy.deepcopy(network).eval()
    for module in network.modules():
        if isinstance(getattr(module, "weight", None), Tensor) and module.weight.ndim > 1:  # type: ignore[operator]
            module.register_forward_hook(lambda _module, _input, output: sizes.append(output[0].numel()))
    network(z)
    return tuple(sizes)


def _log_patterns(layer_widths: Sequence[int], k: int) -> float:
    """log prod_j e n_j / k: what the logarithm of the number of the network's linear pieces is of the order of, / k."""
    return sum(1 + math.log(n / k) for n in layer_widths)


def _largest(n: float, needed: float) -> float:
    return n / needed if needed > 0 else math.inf
