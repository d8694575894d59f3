import pytest
import torch
from fitting.fits import Small
from torch import Tensor

from lit_inverse.bases import DCT
from lit_inverse.operators import Fourier, Gaussian, Identity, Magnitude, Matrix, masks
from lit_inverse.seeding import generator
from lit_inverse.solvers import DeepPrior, PowerLaw, Status
from lit_inverse.solvers.power_law import PowerLawField


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def covariance(shape: tuple[int, ...], power: float) -> Tensor:
    """C as a matrix, from its definition."""
    n = int(torch.tensor(shape).prod())
    basis = DCT(shape, torch.zeros((), dtype=torch.float64))
    atoms = basis.synthesis(torch.eye(n, dtype=torch.float64).view(n, *shape)).flatten(1)
    variances = torch.zeros(shape, dtype=torch.float64)
    for index in torch.cartesian_prod(*[torch.arange(length) for length in shape]).view(n, -1).tolist():
        scaled = [k * max(shape[-2:]) / length for k, length in zip(index[-2:], shape[-2:], strict=True)]
        variances[tuple(index)] = (1 + sum(k**2 for k in scaled)) ** (-power / 2)
    return atoms.T @ (variances.flatten()[:, None] * atoms)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 4, 8), (40,)])
@pytest.mark.parametrize("per_item", [False, True])
def test_without_noise_it_is_the_least_mean_square_estimate(shape: tuple[int, ...], per_item: bool) -> None:
    operator = Gaussian(shape, 15, [1, 2] if per_item else 1).double()
    y, c = draw(2, 15), covariance(shape, 3.0)
    solution = PowerLaw(power=3.0).solve(y, operator)
    for i in range(2):
        a = operator.matrix[i] if per_item else operator.matrix
        expected = c @ a.T @ torch.linalg.solve(a @ c @ a.T, y[i])
        torch.testing.assert_close(solution.x[i].flatten(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(operator(solution.x), y, rtol=0, atol=1e-6)
    assert solution.status == [Status.CONVERGED] * 2


def test_with_noise_the_ratio_of_variances_is_that_of_the_energies() -> None:
    shape, sigma = (1, 8, 8), 0.2
    operator, c = Gaussian(shape, 30, 1).double(), covariance((1, 8, 8), 3.0)
    y = operator(draw(1, *shape) * 0.5) + sigma * draw(1, 30, seed=1)
    a, x = operator.matrix, PowerLaw(power=3.0).solve(y, operator, sigma=sigma).x.flatten()
    w = torch.linalg.lstsq(c @ a.T, x[:, None]).solution[:, 0]  # x = C A^T w, (A C A^T + rho I) w = y
    rho = (y[0] - a @ x) @ w / (w @ w)
    torch.testing.assert_close(rho * w, y[0] - a @ x, rtol=1e-4, atol=1e-4)
    excess = y.square().sum() - 30 * sigma**2
    assert float(rho) == pytest.approx(float(sigma**2 * torch.trace(a @ c @ a.T) / excess), rel=0.3)


def test_what_is_no_larger_than_the_noise_says_nothing() -> None:
    operator = Gaussian((1, 8, 8), 30, 1).double()
    y = torch.stack([0.5 * draw(30), 5 * draw(30)])
    x = PowerLaw().solve(y, operator, sigma=1.0).x
    assert x[0].abs().max() == 0
    assert x[1].abs().max() > 0


@pytest.mark.parametrize("sigma", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_as_many_measurements_as_unknowns(sigma: float, dtype: torch.dtype) -> None:
    operator = Identity((1, 8, 8))
    y = draw(2, 1, 8, 8).to(dtype)
    solution = PowerLaw().solve(y, operator, sigma=sigma)
    assert solution.status == [Status.CONVERGED] * 2
    assert solution.n_iter.max() < 30
    if sigma == 0:
        torch.testing.assert_close(solution.x, y, rtol=0, atol=1e-2 if dtype == torch.float32 else 1e-6)


def test_an_operator_that_measures_nothing_is_answered_with_zeros() -> None:
    operator = Matrix(torch.zeros(5, 64, dtype=torch.float64), (1, 8, 8))
    assert PowerLaw().solve(draw(1, 5), operator, sigma=0.1).x.abs().max() == 0


def test_a_real_image_has_to_do_with_half_of_complex_noise() -> None:
    """On the real measurements that the complex ones are made of, half the variance each, the estimate is the same."""
    complex_ = Fourier((1, 8, 8), torch.ones(8, 8, dtype=torch.bool)).double()
    operator = complex_.on_reals()
    y = torch.complex(draw(2, *operator.out_shape), draw(2, *operator.out_shape, seed=1))
    a = torch.view_as_real(complex_(torch.eye(64, dtype=torch.float64).view(64, 1, 8, 8)))
    parts = Matrix(a.flatten(1).T.contiguous(), (1, 8, 8))
    expected = PowerLaw().solve(torch.view_as_real(y).flatten(1), parts, sigma=0.3 / 2**0.5).x
    torch.testing.assert_close(PowerLaw().solve(y, operator, sigma=0.3).x, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_an_item_alone_is_as_in_a_batch(sigma: float) -> None:
    operator, y = Gaussian((1, 16, 16), 100, 1).double(), draw(3, 100)
    together = PowerLaw().solve(y, operator, sigma=sigma).x
    for i in range(3):
        alone = PowerLaw().solve(y[i : i + 1], operator, sigma=sigma).x
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-8)


def test_the_mean_of_the_prior_is_the_middle_of_the_range() -> None:
    operator = Gaussian((1, 8, 8), 10, 1).double()
    x = torch.full((1, 1, 8, 8), 0.5, dtype=torch.float64)
    torch.testing.assert_close(PowerLaw().solve(operator(x), operator, value_range=(0.0, 1.0)).x, x)


def test_complex_measurements_of_a_complex_image() -> None:
    operator = Fourier((1, 8, 8), masks.radial((8, 8), 2)).double()
    y = operator(torch.complex(draw(1, 1, 8, 8), draw(1, 1, 8, 8, seed=1)))
    a = operator(torch.eye(64, dtype=torch.complex128).view(64, 1, 8, 8)).flatten(1).T
    c = covariance((1, 8, 8), 3.0).to(a)
    expected = c @ a.mH @ torch.linalg.solve(a @ c @ a.mH, y.flatten())
    torch.testing.assert_close(PowerLaw().solve(y, operator).x.flatten(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{"power": 0.0}, {"max_iter": 0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=rf"{next(iter(settings))} (is )?0"):
        PowerLaw(**settings)  # type: ignore[arg-type]


def test_an_untrained_network_leaves_it_its_remainder() -> None:
    operator = Gaussian((1, 4, 4), 6, 1).double()
    y = draw(2, 6)
    parts = {"network": Small, "regularizer": None, "max_iter": 5}
    plain = DeepPrior(**parts).solve(y, operator, seeds=[1, 2]).x  # type: ignore[arg-type]
    field = PowerLawField()
    whole = DeepPrior(**parts, remainder=field).solve(y, operator, seeds=[1, 2]).x  # type: ignore[arg-type]
    rest = field.given(y - operator(plain), operator, torch.zeros(2, dtype=torch.float64)).mean()
    torch.testing.assert_close(whole, plain + rest)
    torch.testing.assert_close(operator(whole), y, rtol=0, atol=1e-6)


@pytest.mark.parametrize("solver", [PowerLaw(), DeepPrior(network=Small, remainder=PowerLawField())])
def test_measurements_that_are_not_linear_are_refused(solver: PowerLaw | DeepPrior) -> None:
    operator = Magnitude(Gaussian((1, 4, 4), 6, 1)).double()
    with pytest.raises(ValueError, match="Magnitude is not linear"):
        solver.solve(draw(1, 6).abs(), operator)
