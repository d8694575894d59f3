"""Each term by hand, of one network and of several."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from fits import data, descent

from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import AnisotropicTV, IsotropicTV, Regularizer, Sum, WeightDecay


def _images(n_fits: int) -> torch.Tensor:
    return torch.randn(n_fits, 2, 5, 4, generator=generator(0), dtype=torch.float64)


def test_isotropic_tv_pixel_by_pixel() -> None:
    x, eps = _images(3), 0.05
    expected = np.zeros(3)
    for f, c, i, j in np.ndindex(*x.shape):
        down = x[f, c, i + 1, j] - x[f, c, i, j] if i + 1 < 5 else 0.0
        right = x[f, c, i, j + 1] - x[f, c, i, j] if j + 1 < 4 else 0.0
        expected[f] += np.sqrt(float(down) ** 2 + float(right) ** 2 + eps**2) - eps
    found = IsotropicTV(0.3, eps)(x, descent(data(3)).networks)
    torch.testing.assert_close(found, 0.3 * torch.tensor(expected))


def test_isotropic_tv_of_a_constant_image_is_0_with_gradient_0() -> None:
    x = torch.full((1, 1, 3, 3), 0.7, requires_grad=True)
    value = IsotropicTV()(x, descent(data(1)).networks)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    assert value.item() == 0
    assert torch.equal(gradient, torch.zeros_like(x))


@pytest.mark.parametrize("n_fits", [1, 3])
def test_weight_decay_is_the_squared_norm_of_all_weights_of_each_network(n_fits: int) -> None:
    networks = descent(data(n_fits)).networks
    expected = [
        sum(float(weights[fit].detach().square().sum()) for weights in networks.weights) for fit in range(n_fits)
    ]
    found = WeightDecay(2.0)(_images(n_fits), networks)
    torch.testing.assert_close(found.detach(), 2 * torch.tensor(expected, dtype=torch.float64))


def test_a_sum_adds_its_terms() -> None:
    x, networks = _images(2), descent(data(2)).networks
    terms = [AnisotropicTV(0.1), IsotropicTV(0.2), WeightDecay(0.3)]
    expected = terms[0](x, networks) + terms[1](x, networks) + terms[2](x, networks)
    torch.testing.assert_close(Sum(terms)(x, networks), expected)


@pytest.mark.parametrize(
    "make", [lambda: AnisotropicTV(-1.0), lambda: IsotropicTV(eps=0.0), lambda: WeightDecay(-1e-9), lambda: Sum([])]
)
def test_impossible_values_are_refused(make: Callable[[], Regularizer]) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()
