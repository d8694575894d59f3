"""D-VAMP: a linear denoiser in closed form, and signals it must recover where D-AMP does not."""

import math

import pytest
import torch
from few_coefficients import GREY, SoftDCT, draw, photograph, psnr, relative_error, smooth_images
from torch import Tensor

from lit_inverse.denoisers import TV, Denoiser
from lit_inverse.operators import Gaussian, Identity, Matrix, SubsampledDCT
from lit_inverse.solvers import DAMP, DVAMP, Status


class Shrinking(Denoiser):
    """x times s / (s + sigma^2): the best estimate of x ~ N(0, s I), whose derivative is that number."""

    power = 0.04

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        return x * (self.power / (self.power + sigma.square())).view(-1, 1, 1, 1)


def test_with_a_gaussian_prior_it_is_the_posterior_mean() -> None:
    """x ~ N(0, s I) and y ~ N(A x, sigma^2 I): x_hat = (A^T A + sigma^2 / s I)^-1 A^T y."""
    sigma, n, m = 0.3, 900, 450
    operator = Gaussian((1, 30, 30), m, 1, kappa=10.0).double()
    x = math.sqrt(Shrinking.power) * draw(1, 1, 30, 30)
    y = operator(x) + sigma * draw(1, m, seed=1)
    a = operator.matrix
    expected = torch.linalg.solve(a.T @ a + sigma**2 / Shrinking.power * torch.eye(n, dtype=torch.float64), a.T @ y[0])
    solution = DVAMP(Shrinking()).solve(y, operator, sigma=sigma)
    assert relative_error(solution.x.flatten(), expected) < 0.15  # 900 pixels, one probe
    # the noise of r and the divergence are what theory has for the singular values of A
    error = (solution.x - x).square().mean()
    predicted = solution.history["sigma"][-1].square() * solution.history["divergence"][-1]
    torch.testing.assert_close(error, predicted[0], rtol=0.1, atol=0)


OPERATORS = {
    "gaussian": Gaussian((1, 24, 24), 288, 1),
    "ill-conditioned": Gaussian((1, 24, 24), 288, 1, kappa=100.0),
    "per item": Gaussian((1, 24, 24), 288, [1, 2], kappa=20.0),
    "dct": SubsampledDCT((1, 24, 24), 288, 1),
    "scaled": 7.0 * SubsampledDCT((1, 24, 24), 288, 1),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_images_of_few_coefficients_are_recovered_exactly(name: str) -> None:
    x, operator = smooth_images(), OPERATORS[name].double()
    solution = DVAMP(SoftDCT(GREY), max_iter=100).solve(operator(x), operator, value_range=GREY, seeds=[3, 4])
    assert solution.status == [Status.MAX_ITER] * 2
    assert relative_error(solution.x, x) < 1e-4


def test_colour_images_are_recovered() -> None:
    x = smooth_images(channels=3, size=16, kept=15)
    operator = Gaussian((3, 16, 16), 384, 1).double()
    solution = DVAMP(SoftDCT(GREY), max_iter=100).solve(operator(x), operator, value_range=GREY)
    assert relative_error(solution.x, x) < 1e-4


def test_complex_images_are_recovered_from_complex_measurements() -> None:
    x = torch.complex(*smooth_images(2).unbind(0))[None]
    operator = Matrix(torch.complex(draw(288, 576), draw(288, 576, seed=1)), (1, 24, 24))
    solution = DVAMP(SoftDCT(GREY), max_iter=100).solve(operator(x), operator)
    assert solution.x.dtype == torch.complex128
    assert relative_error(solution.x, x) < 1e-4


def test_real_images_from_complex_measurements_are_those_from_pairs() -> None:
    x, a = smooth_images(), torch.complex(draw(100, 576), draw(100, 576, seed=1)) / math.sqrt(200)
    operator, pairs = Matrix(a, (1, 24, 24)), Matrix(torch.cat([a.real, a.imag]), (1, 24, 24))
    y = operator(x.to(a.dtype))
    solver = DVAMP(SoftDCT(GREY), max_iter=10)
    # a complex number has two parts with half of its variance each
    expected = solver.solve(torch.cat([y.real, y.imag], 1), pairs, sigma=2.0, value_range=GREY)
    solution = solver.solve(y, operator.on_reals(), sigma=math.sqrt(2) * 2.0, value_range=GREY)
    assert solution.x.dtype == torch.float64
    torch.testing.assert_close(solution.x, expected.x)


def test_ill_conditioned_measurements_break_damp_but_not_dvamp() -> None:
    """Camera of 32 x 32 at m/n = .3 and kappa = 100."""
    x = photograph(32)
    operator = Gaussian((1, 32, 32), 307, 1, kappa=100.0).double()
    y = operator(x)
    denoiser = TV(max_iter=40, value_range=GREY)
    assert DAMP(denoiser).solve(y, operator, value_range=GREY).status == [Status.DIVERGED]
    solution = DVAMP(denoiser, max_iter=15).solve(y, operator, value_range=GREY)
    assert solution.status == [Status.MAX_ITER]
    independent = Gaussian((1, 32, 32), 307, 1).double()
    reference = DAMP(denoiser, max_iter=15).solve(independent(x), independent, value_range=GREY)
    assert psnr(solution.x, x) > psnr(reference.x, x) - 1


@pytest.mark.parametrize("noise", [0.0, 10.0])
def test_sigma_is_the_noise_of_what_the_denoiser_is_given(noise: float) -> None:
    given = []

    class Watched(TV):
        def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
            given.append((255 * x[: len(x) // 2], 255 * sigma[: len(x) // 2]))
            return super().denoise(x, sigma)

    x = photograph(32)
    operator = Gaussian((1, 32, 32), 512, 2, kappa=5.0).double()
    y = operator(x) + noise * draw(1, 512, seed=3)
    DVAMP(Watched(max_iter=40, value_range=GREY), max_iter=6).solve(y, operator, sigma=noise, value_range=GREY)
    for r, sigma in given:
        assert (r - x).square().mean().sqrt().item() == pytest.approx(sigma.item(), rel=0.1)


def test_an_item_alone_is_as_in_a_batch_though_others_diverge() -> None:
    class Unstable(SoftDCT):
        """It amplifies what it should denoise at sigma above 1.5 times the range."""

        def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
            return torch.where(sigma.view(-1, 1, 1, 1) > 1.5, 1e3 * x, super().denoise(x, sigma))

    x = smooth_images(3) * torch.tensor([1.0, 5.0, 1.0]).view(-1, 1, 1, 1)
    operator = Gaussian((1, 24, 24), 288, [1, 2, 3]).double()
    y = operator(x)
    solver = DVAMP(Unstable(GREY), max_iter=6)
    together = solver.solve(y, operator, value_range=GREY, seeds=[1, 2, 3])
    assert together.status == [Status.MAX_ITER, Status.DIVERGED, Status.MAX_ITER]
    for item in range(3):
        alone = solver.solve(y[item : item + 1], operator.take([item]), value_range=GREY, seeds=[item + 1])
        assert alone.status[0] == together.status[item]
        torch.testing.assert_close(alone.x[0], together.x[item], rtol=0, atol=1e-8)


def test_zero_measurements_give_a_black_image() -> None:
    operator = Gaussian((1, 12, 12), 60, 0).double()
    solution = DVAMP(max_iter=3).solve(torch.zeros(2, 60, dtype=torch.float64), operator)
    assert solution.x.abs().max() < 1e-9
    assert all(torch.isfinite(values).all() for values in solution.history.values())


def test_answers_in_a_box_keep_to_it() -> None:
    x = photograph(32)
    operator = Gaussian((1, 32, 32), 200, 1).double()
    solution = DVAMP(TV(value_range=GREY), damping=0.7, box=True).solve(operator(x), operator, value_range=GREY)
    assert solution.x.min() >= 0
    assert solution.x.max() <= 255


def test_impossible_settings_and_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="max_divergence is 1.0, expected a number below 1"):
        DVAMP(max_divergence=1.0)
    with pytest.raises(ValueError, match="damping is 0.0"):
        DVAMP(damping=0.0)
    with pytest.raises(ValueError, match=r"x has shape \(4,\), expected images"):
        DVAMP().solve(torch.ones(1, 4, dtype=torch.float64), Identity((4,)).double())
