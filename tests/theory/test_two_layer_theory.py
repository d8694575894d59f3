"""Eq. 11 and the bounds of Heckel & Soltanolkotabi 2020, against dense matrices and examples worked by hand."""

import math

import pytest
import torch
from torch import Tensor

from datamodules.smooth_signals import trigonometric_basis
from lit_inverse.networks import TwoLayerGenerator
from lit_inverse.seeding import generator
from lit_inverse.theory.two_layer import (
    dual_activation,
    expected_gram,
    in_order_of_basis,
    predicted_spectrum,
    recovery_bound,
    triangle,
)


def _matrix(kernel: Tensor) -> Tensor:
    """The circulant matrix, of an image's pixels block-circulant, whose first column is the kernel."""
    columns = [
        kernel.roll(tuple(int(one) for one in place), tuple(range(kernel.ndim))).flatten()
        for place in torch.cartesian_prod(*[torch.arange(length) for length in kernel.shape]).view(-1, kernel.ndim)
    ]
    return torch.stack(columns, 1)


def _kernel(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator(1))


def test_triangle_is_the_kernel_of_the_network() -> None:
    network = TwoLayerGenerator((30,), 2, 7).double()
    with torch.no_grad():
        network.weight.zero_()
        network.weight[0, 0, 0] = 1
        torch.testing.assert_close(network(torch.empty(1, 0))[0] * math.sqrt(2), triangle(30, 7))


def test_dual_activation_is_sheppards_probability_times_the_correlation() -> None:
    z = torch.linspace(-1, 1, 101, dtype=torch.float64)
    torch.testing.assert_close(dual_activation(z), z * (0.25 + z.arcsin() / (2 * math.pi)))
    assert dual_activation(torch.tensor([-1.0, 0.0, 1.0])).tolist() == pytest.approx([0, 0, 0.5])


@pytest.mark.parametrize("shape", [(12,), (3, 4)])
def test_expected_gram_is_the_mean_over_many_channels_of_any_kernel(shape: tuple[int, ...]) -> None:
    u = _kernel(*shape)
    matrix = _matrix(u)
    channels = torch.randn(12, 400_000, generator=generator(2), dtype=torch.float32)
    active = (matrix.float() @ channels > 0).float()
    measured = (active @ active.T / channels.shape[1]).double() * (matrix @ matrix.T)
    torch.testing.assert_close(measured, _matrix(expected_gram(u)), rtol=0, atol=0.005 * float(u.square().sum()))


@pytest.mark.parametrize("shape", [(12,), (11,), (3, 4)])
def test_spectrum_is_that_of_the_expected_gram_matrix(shape: tuple[int, ...]) -> None:
    u = _kernel(*shape)
    values = torch.linalg.eigvalsh(_matrix(expected_gram(u)))
    torch.testing.assert_close(predicted_spectrum(u).flatten().sort().values, values.sqrt())


@pytest.mark.parametrize("n", [12, 13])
def test_trigonometric_functions_are_the_left_singular_vectors(n: int) -> None:
    u, basis = triangle(n, 4), trigonometric_basis(n, n)
    sigma = in_order_of_basis(predicted_spectrum(u))
    torch.testing.assert_close(_matrix(expected_gram(u)) @ basis, basis * sigma.square())


def test_bound_of_an_example_by_hand() -> None:
    sigma, x = torch.tensor([2.0, 1.0, 0.5, 0.25]), torch.tensor([[2.0, 0.0, 1.0, 0.0], [0.0, 3.0, 0.0, 0.0]])
    # m = 3: the sum begins at i = 3
    expected = torch.tensor([5 * (1 + 4) * 0.3125 + 0.01 * 5, 5 * 9 * 0.3125 + 0.01 * 9])
    torch.testing.assert_close(recovery_bound(sigma, x, 3, constant=5.0, xi=0.1), expected)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(recovery_bound(sigma[order], x[:, order], 3, constant=5.0, xi=0.1), expected)


def test_bound_of_a_geometric_spectrum_is_that_of_equation_8() -> None:
    gamma, m, n = 0.9, 60, 400
    sigma = gamma ** (torch.arange(1, n + 1, dtype=torch.float64) / 2)
    x = torch.zeros(n, dtype=torch.float64)
    x[: m // 3] = _kernel(m // 3)
    largest = gamma ** (m / 3) / (1 - gamma) * x.square().sum()
    assert recovery_bound(sigma, x, m, constant=1.0) <= largest * gamma  # i > 2m/3 begins with gamma^(2m/3 + 1)
    x[: m // 3 - 1] = 0
    torch.testing.assert_close(
        recovery_bound(sigma, x, m, constant=1.0),
        gamma ** (m / 3 + 1) / (1 - gamma) * x.square().sum(),
        rtol=1e-6,
        atol=0,
    )


def test_what_has_no_part_in_x_may_have_the_singular_value_0() -> None:
    sigma, x = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0])
    assert float(recovery_bound(sigma, x, 1, constant=1.0)) == 1.0
    assert float(recovery_bound(sigma, x.flip(0), 1)) == math.inf


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sigma \(3,\), coefficients \(4,\) and m = 2"):
        recovery_bound(torch.ones(3), torch.ones(4), 2)
    with pytest.raises(ValueError, match="m = 0"):
        recovery_bound(torch.ones(3), torch.ones(3), 0)
