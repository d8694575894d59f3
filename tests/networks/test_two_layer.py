"""ReLU(U C) v against dense matrices, and its Jacobian against the theory."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lit_inverse.networks import TwoLayerGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import generator


def _triangle(n: int, half_width: int) -> Tensor:
    u = torch.tensor([max(0.0, 1 - min(j, n - j) / half_width) for j in range(n)], dtype=torch.float64)
    return u / u.norm()


def _circulant(n: int, half_width: int) -> Tensor:
    u = _triangle(n, half_width)
    return torch.stack([u[torch.arange(n).sub(j).remainder(n)] for j in range(n)], 1)


@pytest.mark.parametrize("half_width", [1, 2, 5, 40])
def test_signals_are_those_of_the_dense_matrix(half_width: int) -> None:
    network = TwoLayerGenerator((23,), 6, half_width).double()
    matrix, weights = _circulant(23, half_width), network.weight[0].T
    v = torch.tensor([1.0] * 3 + [-1.0] * 3, dtype=torch.float64) / math.sqrt(6)
    torch.testing.assert_close(network(torch.empty(2, 0)), ((matrix @ weights).relu() @ v).expand(2, 23))


def test_images_have_the_product_of_two_triangles_and_weights_per_colour() -> None:
    network = TwoLayerGenerator((2, 7, 10), 4, 3).double()
    matrix = torch.kron(_circulant(7, 3), _circulant(10, 3))
    hidden = (network.weight.flatten(2) @ matrix.T).relu()
    expected = (hidden[:, :2].sum(1) - hidden[:, 2:].sum(1)) / 2
    torch.testing.assert_close(network(torch.empty(1, 0)), expected.view(1, 2, 7, 10))


@pytest.mark.parametrize("law", ["paper", "torch"])
def test_weights_are_gaussian_of_the_given_deviation_and_pixels_0_58_of_it(law: Any) -> None:
    network = TwoLayerGenerator((1, 64, 64), 64, 4, omega=3.0)
    initialize(network, law, generator(0))
    assert float(network.weight.detach().std()) == pytest.approx(3, rel=0.01)
    pixels = network(torch.empty(1, 0)).detach()
    assert float(pixels.square().mean().sqrt()) == pytest.approx(3 * math.sqrt(0.5 - 0.5 / math.pi), rel=0.1)


@pytest.mark.parametrize("half_width", [2, 6])
def test_singular_values_of_the_jacobian_are_those_of_the_theory(half_width: int) -> None:
    """Heckel & Soltanolkotabi 2020, Eq. 11: sigma^2 = ||u||^2 |F g(u * u / ||u||^2)| for many channels."""
    n = 24
    network = TwoLayerGenerator((n,), 8192, half_width).double()
    jacobian = torch.autograd.functional.jacobian(
        lambda weight: torch.func.functional_call(network, {"weight": weight}, torch.empty(1, 0))[0],
        network.weight.detach(),
    ).view(n, -1)
    found = torch.linalg.eigvalsh(jacobian @ jacobian.T)
    u = _triangle(n, half_width)
    overlap = torch.fft.irfft(torch.fft.rfft(u).square(), n).clamp(-1, 1)
    expected = torch.fft.fft(0.5 * (1 - overlap.acos() / math.pi) * overlap).abs().sort().values
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.02 * float(expected.max()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 5}, "width is 5"),
        ({"omega": 0.0}, "omega 0.0"),
        ({"half_width": 0}, "half_width is 0"),
        ({"out_shape": (4, 5)}, "out_shape is"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TwoLayerGenerator(**{"out_shape": (9,), **options})
