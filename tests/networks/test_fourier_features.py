"""The Fourier-feature network: its size, its features and its initial law."""

import math

import pytest
import torch
from torch import Tensor

from lit_inverse.networks import FourierFeatures
from lit_inverse.networks.fourier_features import GlorotLinear
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import generator


def _features(network: FourierFeatures, z: Tensor) -> Tensor:
    kept: list[Tensor] = []
    hook = network.layers[0].register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    network(z)
    hook.remove()
    return kept[0]


def test_has_the_size_of_the_authors_network_for_images() -> None:
    assert sum(p.numel() for p in FourierFeatures().parameters()) == 263_169


def test_features_are_cosines_and_sines_of_random_frequencies() -> None:
    network = FourierFeatures((1, 5, 8), n_frequencies=6, scale=3.0, width=4).double()
    z = torch.randn(2, 6, 2, generator=generator(1), dtype=torch.float64)
    found = _features(network, z)
    for row, column in [(0, 0), (4, 7), (2, 3)]:
        phase = 2 * math.pi * 3 * z @ torch.tensor([row / 5, column / 8], dtype=torch.float64)
        torch.testing.assert_close(found[:, row, column], torch.cat([phase.cos(), phase.sin()], -1))


def test_products_of_features_are_a_gaussian_kernel_of_the_distance() -> None:
    """E cos(2 pi b (p - q)) = exp(-2 pi^2 scale^2 |p - q|^2) for b ~ N(0, scale^2 I)."""
    network = FourierFeatures((1, 1, 64), n_frequencies=20_000, scale=2.0, width=1, depth=1)
    features = _features(network, network.draw_latent(generator(0))[None])[0, 0]
    distance = torch.arange(64) / 64
    torch.testing.assert_close(
        features @ features[0] / 20_000, torch.exp(-2 * (math.pi * 2.0 * distance).square()), rtol=0, atol=0.03
    )


def test_initial_weights_have_glorots_deviation() -> None:
    network = FourierFeatures()
    linear = [module for module in network.modules() if isinstance(module, GlorotLinear)]
    for layer in linear[:-1]:
        expected = math.sqrt(2 / (layer.in_features + layer.out_features))
        assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.02)
        assert float(layer.bias.detach().std()) == pytest.approx(0.01, rel=0.2)
    initialize(network, "torch", generator(0))
    for layer in linear:
        assert 0.9 < float(layer.weight.detach().abs().max()) * math.sqrt(layer.in_features) <= 1


def test_other_scales_than_positive_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="scale is -1.0"):
        FourierFeatures(scale=-1.0)
