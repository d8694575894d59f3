"""SIREN: its size, its initial law and what the law is for."""

import math

import pytest
import torch
from torch import Tensor

from lit_inverse.networks import SIREN
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.siren import SineLinear
from lit_inverse.seeding import generator


def test_has_the_size_of_the_authors_network_for_images() -> None:
    assert sum(p.numel() for p in SIREN().parameters()) == 198_401
    assert SIREN((3, 5, 7)).out_shape == (3, 5, 7)


def test_is_a_function_of_the_coordinates() -> None:
    network = SIREN((2, 5, 9), width=6, depth=3, omega_0=7.0).double()
    weights = list(network.parameters())
    x = network(torch.empty(3, 0, dtype=torch.float64))
    for row, column in [(0, 0), (4, 8), (1, 6)]:
        h = torch.tensor([row / 2 - 1, column / 4 - 1], dtype=torch.float64)
        for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            h = torch.sin(7 * (w @ h + b))
        expected = weights[-2] @ h + weights[-1]
        torch.testing.assert_close(x[:, :, row, column], expected.expand(3, 2))


def test_initial_weights_have_the_bounds_of_the_paper() -> None:
    network = SIREN(omega_0=20.0)
    linear = [module for module in network.modules() if isinstance(module, SineLinear)]
    for layer, bound in zip(linear, [0.5] + [math.sqrt(6 / 256) / 20] * 4, strict=True):
        assert 0.98 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert float(layer.bias.detach().abs().max()) <= 1 / math.sqrt(layer.in_features)
    initialize(network, "torch", generator(0))
    assert all(float(layer.weight.detach().abs().max()) > 0.98 / math.sqrt(layer.in_features) for layer in linear)


@pytest.mark.parametrize("omega_0", [30.0, 60.0])
def test_activations_keep_their_distribution_through_all_layers(omega_0: float) -> None:
    """Sitzmann et al. 2020, Sec. 3.2, no biases: pre-activations are N(0, v) with v = 2 E sin^2 = 1 - exp(-2 v)."""
    network = SIREN((1, 64, 64), depth=6, omega_0=omega_0)
    before: list[Tensor] = []
    for module in network.modules():
        if isinstance(module, SineLinear):
            module.bias.data.zero_()
            module.register_forward_hook(lambda _, __, output: before.append(omega_0 * output.detach()))
    network(torch.empty(1, 0))
    fixed_point = 0.7968
    for activation in before[2:-1]:
        assert float(activation.square().mean()) == pytest.approx(fixed_point, rel=0.12)
        kurtosis = activation.pow(4).mean() / activation.square().mean().square()
        assert float(kurtosis) == pytest.approx(3, abs=0.4)


def test_other_frequencies_than_positive_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="omega_0 is 0.0"):
        SIREN(omega_0=0.0)
