"""DCGAN's two networks: published sizes, and Lipschitz constants of what is normalised."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from lit_inverse.networks import Discriminator, GANGenerator
from lit_inverse.networks.spectral_norm import spectral_norm
from lit_inverse.seeding import generator


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(0), dtype=torch.float32)


@pytest.mark.parametrize(
    ("out_shape", "first", "channels"),
    [
        ((1, 28, 28), (7, 7), [128, 64, 1]),
        ((1, 32, 32), (4, 4), [256, 128, 64, 1]),
        ((3, 64, 64), (4, 4), [512, 256, 128, 64, 3]),
        ((3, 128, 128), (4, 4), [1024, 512, 256, 128, 64, 3]),
    ],
)
def test_sizes_are_those_of_dcgan(out_shape: tuple[int, ...], first: tuple[int, int], channels: list[int]) -> None:
    network, critic = GANGenerator(out_shape), Discriminator(out_shape)
    assert network.layers[1](network.layers[0](randn(1, 100))).shape == (1, channels[0], *first)
    ups = [layer for layer in network.layers if isinstance(layer, nn.ConvTranspose2d)]
    assert [ups[0].in_channels, *(layer.out_channels for layer in ups)] == channels
    downs = [layer for layer in critic.layers if isinstance(layer, nn.Conv2d)]
    assert [downs[0].in_channels, *(layer.out_channels for layer in downs)] == channels[::-1]
    assert critic.layers[-1].in_features == channels[0] * math.prod(first)


@pytest.mark.parametrize("norm", ["batch", "spectral", "none"])
def test_a_discriminator_gives_a_number_per_image_of_any_size(norm: str) -> None:
    critic = Discriminator((2, 17, 31), width=4, norm=norm)  # type: ignore[arg-type]
    assert critic(randn(3, 2, 17, 31)).shape == (3,)
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in critic.layers) == (norm == "batch")


@pytest.mark.usefixtures("untouched_rng")
@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_building_draws_the_same_weights_without_the_global_generator(norm: str) -> None:
    first, second = (Discriminator((1, 28, 28), width=4, norm=norm) for _ in range(2))  # type: ignore[arg-type]
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("layer", "in_shape"),
    [
        (nn.Conv2d(3, 8, 5, 2, 2), (3, 9, 12)),
        (nn.Conv2d(2, 4, 3, 1, 1), (2, 6, 7)),
        (nn.Linear(20, 7), (20,)),
    ],
)
def test_the_largest_singular_value_becomes_1(layer: nn.Module, in_shape: tuple[int, ...]) -> None:
    layer.double()
    spectral_norm(layer, in_shape)
    with torch.no_grad():
        for _ in range(100):  # as so many steps of training
            layer(torch.zeros(1, *in_shape, dtype=torch.float64))
        n = math.prod(in_shape)
        unit = torch.eye(n, dtype=torch.float64).view(n, *in_shape)
        matrix = layer(unit) - layer(torch.zeros_like(unit))
    assert float(torch.linalg.matrix_norm(matrix.flatten(1), 2)) == pytest.approx(1, abs=0.01)


def test_a_normalised_discriminator_is_lipschitz_with_constant_1_while_it_learns() -> None:
    critic = Discriminator((1, 28, 28), width=4, norm="spectral")
    optimizer = torch.optim.Adam(critic.parameters(), 0.01)
    x, other = randn(16, 1, 28, 28), randn(16, 1, 28, 28).flip(0)
    largest = 0.0
    for _ in range(60):
        optimizer.zero_grad()
        values = critic(x) - critic(other)
        (-values.mean()).backward()
        optimizer.step()
        largest = max(largest, float((values.abs() / (x - other).flatten(1).norm(dim=1)).max()))
    assert 0.01 < largest <= 1
    free = copy.deepcopy(critic).eval()
    z = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(free(z).sum(), z)
    assert gradient.flatten(1).norm(dim=1).max() <= 1.001


def test_evaluation_leaves_the_estimate_of_the_norm_alone() -> None:
    critic = Discriminator((1, 28, 28), width=4, norm="spectral").eval()
    before = copy.deepcopy(critic.state_dict())
    critic(randn(2, 1, 28, 28))
    assert all(torch.equal(value, before[name]) for name, value in critic.state_dict().items())


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="norm is 'layer', expected one of batch, spectral, none"):
        Discriminator(norm="layer")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="width is 0"):
        Discriminator(width=0)
    with pytest.raises(ValueError, match="in_shape is .*expected"):
        Discriminator((28, 28))
