import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks import ReLUGenerator
from lit_inverse.theory.constants.lipschitz import jacobian_norms, local_lipschitz, spectral_product
from lit_inverse.theory.constants.search import Search


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def source() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def matrix_of(network: nn.Module, z: Tensor) -> Tensor:
    """The Jacobian at z (1, ...), by autograd."""
    return torch.autograd.functional.jacobian(lambda at: network(at).flatten(), z).flatten(1)


def test_jacobian_norms_are_the_largest_singular_values() -> None:
    network = nn.Sequential(nn.Linear(4, 9), nn.Tanh(), nn.Linear(9, 6)).double()
    z = normal(3, 4)
    norms, directions = jacobian_norms(network, z, source(), 200)
    for at, found, u in zip(z, norms, directions, strict=True):
        jacobian = matrix_of(network, at[None])
        assert found.item() == pytest.approx(torch.linalg.matrix_norm(jacobian, 2).item(), rel=1e-6)
        assert (jacobian @ u).norm().item() == pytest.approx(found.item())


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 3, stride=2, padding=1),
        nn.Conv2d(2, 2, 3, padding=1),
        nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.BatchNorm2d(2),
    ],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("seed", range(3))
def test_the_constant_of_a_linear_layer_is_its_norm_as_a_matrix_or_a_little_more(layer: nn.Module, seed: int) -> None:
    layer = layer.double()
    for place, weight in enumerate(layer.parameters()):
        weight.data = normal(*weight.shape, seed=10 * seed + place)
    if isinstance(layer, nn.BatchNorm2d):
        layer(normal(8, 2, 6, 6))  # running statistics
        layer.eval()
    z = normal(1, 2, 6, 6)
    network = nn.Sequential(nn.Sequential(layer), nn.LeakyReLU(2.0), nn.Flatten(), nn.Sigmoid())
    exact = torch.linalg.matrix_norm(matrix_of(layer, z), 2).item()
    assert 1 - 1e-12 < spectral_product(network, z).value / (exact * 2 / 4) < 1.02


def test_of_one_layer_both_bounds_are_exact_and_of_two_they_enclose_the_constant() -> None:
    network = ReLUGenerator((2, 12, 20)).double().requires_grad_(False)
    first, second = (layer.weight for layer in (network.layers[0], network.layers[2]))
    angles = torch.arange(2000, dtype=torch.float64) * math.pi / 1000
    on = (torch.stack((angles.cos(), angles.sin()), 1) @ first.T > 0).double()  # all that a z can activate
    hidden = torch.linalg.matrix_norm((second * on[:, None]) @ first, 2).max().item()  # before the last ReLU
    chain = network.layers[:3]
    lower = local_lipschitz(chain, normal(200, 2), source(), n_power_steps=100)
    upper = spectral_product(chain, normal(1, 2))
    assert lower.value == pytest.approx(hidden, rel=1e-6)
    assert (lower.bound, upper.bound) == ("lower", "upper")
    assert hidden < upper.value <= 3 * hidden
    linear = nn.Linear(5, 7).double()
    exact = torch.linalg.matrix_norm(linear.weight, 2).item()
    assert spectral_product(linear, normal(1, 5)).value == pytest.approx(exact)
    assert local_lipschitz(linear, normal(4, 5), source(), n_power_steps=200).value == pytest.approx(exact)


def test_ascent_finds_larger_quotients_than_samples() -> None:
    network = ReLUGenerator((6, 30, 40)).double().requires_grad_(False)
    z = normal(20, 6)
    sampled = jacobian_norms(network, z, source())[0].max().item()
    found = local_lipschitz(network, z, source(), Search(n_starts=4, n_steps=50)).value
    assert 1.02 * sampled < found < spectral_product(network, z[:1]).value


def test_a_network_that_is_no_chain_of_known_modules_is_refused() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return x + F.relu(self.layer(x))

    with pytest.raises(ValueError, match="Residual is not a chain of modules"):
        spectral_product(Residual(), torch.ones(1, 3))
    with pytest.raises(ValueError, match="constant of Softmax is not known"):
        spectral_product(nn.Sequential(nn.Linear(3, 3), nn.Softmax(1)), torch.ones(1, 3))
