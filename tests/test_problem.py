"""From x to y."""

import functools
import math

import pytest
import torch

from lit_inverse.evaluation.laws import Law
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.noise import Noise, TotalGaussian
from lit_inverse.operators import CartesianFourier, Gaussian, Identity, Magnitude, RadialFourier
from lit_inverse.problem import Problem, as_told, draw

SEEDS = [11, 12, 13, 14, 15, 16, 17, 18]
X = torch.rand(8, 1, 9, 7, generator=torch.Generator().manual_seed(0))


def measure(index: list[int], shared: bool) -> torch.Tensor:
    operator = Gaussian((1, 9, 7), 21, 5 if shared else [SEEDS[i] for i in index])
    return Problem(operator, GaussianNoise(0.1)).measure(X[index], [SEEDS[i] for i in index])


@pytest.mark.parametrize("shared", [True, False])
def test_y_is_bitwise_the_same_alone_in_a_batch_and_in_another_order(shared: bool) -> None:
    order = [5, 2, 7, 0, 1, 6, 4, 3]
    together, shuffled = measure(list(range(8)), shared), measure(order, shared)
    for place, i in enumerate(order):
        assert torch.equal(together[i], measure([i], shared)[0])
        assert torch.equal(together[i], shuffled[place])


def test_items_of_a_data_module_are_measured_like_their_x() -> None:
    problem = Problem(Gaussian((1, 9, 7), 21, 5))
    items = [{"x": x, "id": str(i)} for i, x in enumerate(X)]
    assert torch.equal(problem.measure(items, SEEDS), problem.measure(X, SEEDS))


def test_k_space_is_sampled_whatever_x_is() -> None:
    kspace = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.complex64)
    operator = CartesianFourier((3, 6, 8), 2, 0.25, seed=[4, 5])
    items = [{"kspace": one, "x": torch.full((1, 4, 4), torch.nan), "id": "a"} for one in kspace]
    y, sigma = Problem(operator).simulate(items, [1, 2])
    for i in range(2):
        assert torch.equal(y[i], kspace[i][:, operator.mask[i]])
    assert sigma.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="operator is Gaussian, expected Fourier, CartesianFourier"):
        Problem(Gaussian((3, 6, 8), 5, 0)).measure(items, [1, 2])
    with pytest.raises(ValueError, match=r"k-space has shape \(2, 3, 6, 8\)"):
        Problem(CartesianFourier((2, 6, 8), 2)).measure(items, [1, 2])


@pytest.mark.parametrize(
    ("noise", "sigma"), [(GaussianNoise(0.3), 0.3), (TotalGaussian(0.3), 0.3 / math.sqrt(2000)), (GaussianNoise(), 0.0)]
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_noise_has_the_stated_sigma_per_entry(noise: Noise, sigma: float, dtype: torch.dtype) -> None:
    clean = torch.zeros(2000, dtype=dtype)
    eta = noise.apply(clean, torch.Generator().manual_seed(0))
    assert noise.sigma(clean) == pytest.approx(sigma)
    assert float(eta.abs().square().mean().sqrt()) == pytest.approx(sigma, rel=0.06)


@pytest.mark.parametrize("law", [GaussianNoise, TotalGaussian])
@pytest.mark.parametrize("level", [-0.1, math.nan, math.inf])
def test_impossible_levels_are_refused(law: type[Noise], level: float) -> None:
    with pytest.raises(ValueError, match="expected a finite number >= 0"):
        law(level)


@pytest.mark.parametrize("law", [functools.partial(Gaussian, m=5, seed=9), functools.partial(Gaussian, m=5)])
def test_a_random_operator_is_of_the_seed_whatever_its_law_says(law: functools.partial[Gaussian]) -> None:
    x = torch.ones(1, 1, 4, 4)
    assert torch.equal(draw(law, (1, 4, 4), 3)(x), Gaussian((1, 4, 4), 5, 3)(x))
    assert draw(law, (1, 4, 4), [1, 2], m=7).out_shape == (7,)
    assert isinstance(draw(Identity, (1, 4, 4), 3), Identity)
    assert torch.equal(
        draw(Law("lit_inverse.operators.Gaussian", {}), (1, 4, 4), 3, m=5)(x), draw(law, (1, 4, 4), 3)(x)
    )


def test_a_solver_is_told_that_x_is_real_where_y_is_complex() -> None:
    operator, x = RadialFourier((1, 8, 8), lines=3), torch.rand(1, 1, 8, 8)
    y = operator(x)
    residual = 1j * torch.ones_like(y)
    assert not as_told(operator, x, y).adjoint(residual).is_complex()
    assert as_told(operator, x.to(torch.complex64), y) is operator
    assert as_told(identity := Identity((1, 8, 8)), x, x) is identity
    assert as_told(nonlinear := Magnitude(operator), x, y) is nonlinear


def test_one_seed_per_item_is_demanded() -> None:
    with pytest.raises(ValueError, match="got 2 seeds for 8 items"):
        Problem(Gaussian((1, 9, 7), 21, 5)).measure(X, [1, 2])


def test_noise_leaves_the_global_random_state_alone(untouched_rng: None) -> None:
    measure([0, 1], shared=False)
