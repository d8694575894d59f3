"""Plug-and-play against closed forms of linear denoisers, and its behaviour in a batch."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lit_inverse.denoisers import BM3D, TV, Denoiser, Wavelet
from lit_inverse.operators import Fourier, Gaussian, Identity, LinearOperator
from lit_inverse.solvers import PlugAndPlay, PowerLaw, Status
from lit_inverse.solvers.plug_and_play import Algorithm

CAMERA = Path(__file__).resolve().parents[3] / "shared" / "refs" / "tval3" / "cam128_r20.npz"
GREY = 255.0


class Shrink(Denoiser):
    """The proximal operator of sigma^2/2 ||x||^2."""

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        return x / (1 + sigma.square()).view(-1, 1, 1, 1)


class Bad(Denoiser):
    """Has no answer for images that are bright on the whole."""

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.where(x.mean((1, 2, 3), keepdim=True) > 0.5, torch.nan, x)


def images(side: int, channels: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    """Smooth discs, (3, channels, side, side) in [0, 1]."""
    grid = torch.linspace(-1, 1, side, dtype=dtype)
    radius = (grid[:, None] ** 2 + (grid - torch.tensor([-0.3, 0.0, 0.3], dtype=dtype).view(3, 1, 1)) ** 2).sqrt()
    return (4 * (0.6 - radius)).clamp(0, 1)[:, None].repeat(1, channels, 1, 1)


def ridge(operator: LinearOperator, y: Tensor, weight: Tensor) -> Tensor:
    """argmin 1/2 ||A x - y||^2 + weight/2 ||x||^2."""
    return operator.adjoint(operator.solve_gram(y, weight))


@pytest.mark.parametrize("relaxation", [1.0, 1.6])
@pytest.mark.parametrize("n_levels", [1, 20])
def test_with_a_proximal_operator_admm_reaches_the_minimum_whatever_the_levels(
    n_levels: int, relaxation: float
) -> None:
    operator = Gaussian((1, 8, 8), 40, [0, 1, 2]).double()
    y = operator(images(8))
    settings = {"first_sigma": 2 * GREY, "last_sigma": GREY, "n_levels": n_levels, "lam": 0.3 * GREY**2}
    solver = PlugAndPlay(Shrink(), box=False, tol=1e-12, max_iter=2000, relaxation=relaxation, **settings)
    solution = solver.solve(y, operator, value_range=(0.0, 1.0))
    size = operator.matrix.square().sum((1, 2)) / 64
    torch.testing.assert_close(solution.x, ridge(operator, y, 0.3 * size), rtol=0, atol=1e-9)
    assert solution.status == [Status.CONVERGED] * 3
    assert solution.n_iter.max() < 2000


def test_hqs_ends_where_denoising_the_data_step_changes_nothing() -> None:
    operator = Gaussian((1, 8, 8), 40, 0).double()
    y, rho = operator(images(8)), 0.3 * operator.matrix.square().sum() / 64
    settings = {"first_sigma": GREY, "last_sigma": GREY, "lam": 0.3 * GREY**2, "relaxation": 1.0}
    solver = PlugAndPlay(Shrink(), "hqs", box=False, tol=1e-12, max_iter=1000, **settings)
    v = solver.solve(y, operator, value_range=(0.0, 1.0)).x
    x = v + operator.adjoint(operator.solve_gram(y - operator(v), rho))
    torch.testing.assert_close(v, x / 2, rtol=0, atol=1e-9)


def test_complex_images_are_denoised_in_two_parts_and_a_box_keeps_them_real() -> None:
    x = images(8) - 0.5j * images(8)
    operator = Fourier((1, 8, 8), torch.ones(8, 8, dtype=torch.bool)).to(torch.float64)
    settings = {"first_sigma": GREY, "last_sigma": GREY, "lam": 0.3 * GREY**2, "tol": 1e-12, "max_iter": 500}
    found = PlugAndPlay(Shrink(), box=False, **settings).solve(operator(x), operator)
    torch.testing.assert_close(found.x, x / 1.3, rtol=0, atol=1e-9)
    real = PlugAndPlay(Shrink(), box=True, **settings).solve(operator(x), operator)
    torch.testing.assert_close(real.x, images(8) / 1.3, rtol=0, atol=1e-9)


def test_noise_in_y_is_the_lowest_level_of_each_item() -> None:
    operator, sigma = Identity((1, 16, 16)).double(), torch.tensor([0.0, 0.1, 0.3], dtype=torch.float64)
    solution = PlugAndPlay(TV(), max_iter=8).solve(images(16), operator, sigma=sigma, value_range=(0.0, 1.0))
    expected = torch.tensor([4 / GREY, 0.1, 0.3], dtype=torch.float64)
    torch.testing.assert_close(solution.history["sigma"][-1], expected)
    assert (solution.history["sigma"].diff(dim=0) <= 1e-12).all()


@pytest.mark.parametrize("algorithm", ["admm", "hqs"])
def test_an_item_without_a_finite_answer_is_flagged_and_the_others_go_on(algorithm: Algorithm) -> None:
    operator = Gaussian((1, 8, 8), 60, 0).double()
    x = torch.cat([images(8)[:1], 0.5 + 0.5 * images(8)[1:2], images(8)[2:]])
    solver = PlugAndPlay(Bad(), algorithm, max_iter=6)
    solution = solver.solve(operator(x), operator, value_range=(0.0, 1.0))
    assert [status is Status.DIVERGED for status in solution.status] == [False, True, False]
    assert torch.isfinite(solution.x).all()
    assert solution.n_iter[1] < 6
    rest = solver.solve(operator(x[[0, 2]]), operator, value_range=(0.0, 1.0))
    torch.testing.assert_close(solution.x[[0, 2]], rest.x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("channels", [1, 3])
def test_items_that_end_earlier_are_as_alone(channels: int) -> None:
    x = images(16, channels) * torch.tensor([0.0, 1.0, 0.3], dtype=torch.float64).view(3, 1, 1, 1)
    operator = Gaussian((channels, 16, 16), 120 * channels, [0, 1, 2]).double()
    y, solver = operator(x), PlugAndPlay(Wavelet(), n_levels=8, tol=3e-3, max_iter=60)
    together = solver.solve(y, operator, value_range=(0.0, 1.0))
    assert len(set(together.n_iter.tolist())) > 1
    for item in range(3):
        alone = solver.solve(y[[item]], operator.take([item]), value_range=(0.0, 1.0))
        torch.testing.assert_close(alone.x[0], together.x[item], rtol=0, atol=1e-8)
        assert alone.n_iter[0] == together.n_iter[item]
        assert alone.status[0] == together.status[item]


def test_it_begins_at_the_answer_of_another_solver() -> None:
    operator = Gaussian((1, 16, 16), 60, 0).double()
    y = operator(images(16))
    solution = PlugAndPlay(TV(), initial=PowerLaw(), max_iter=2).solve(y, operator, value_range=(0.0, 1.0), trace=[0])
    assert solution.iterates is not None
    expected = PowerLaw().solve(y, operator, value_range=(0.0, 1.0)).x
    torch.testing.assert_close(solution.iterates[0], expected, rtol=0, atol=1e-6)


def test_the_denoisers_range_does_not_matter() -> None:
    operator = Gaussian((1, 16, 16), 100, 0).double()
    y = operator(images(16))
    first, second = (
        PlugAndPlay(TV(value_range=(0.0, top)), max_iter=5).solve(y, operator, value_range=(0.0, 1.0))
        for top in (1.0, 255.0)
    )
    torch.testing.assert_close(first.x, second.x, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "fista"}, "algorithm is 'fista', expected one of admm, hqs"),
        ({"last_sigma": 0.0}, "last_sigma is 0.0, expected a finite number > 0"),
        ({"relaxation": 2.0}, "relaxation is 2.0, expected a number in"),
        ({"n_levels": 0}, "n_levels is 0, expected at least 1"),
        ({"tol": -1.0}, "tol is -1.0, expected a finite number >= 0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PlugAndPlay(**settings)


def test_problems_without_images_for_the_denoiser_are_refused() -> None:
    for operator, message in [
        (Gaussian((64,), 8), r"expected images \(C, H, W\)"),
        (Gaussian((2, 8, 8), 8), "channels"),
    ]:
        with pytest.raises(ValueError, match=message):
            PlugAndPlay(BM3D("lc")).check_all(operator, None)


@pytest.mark.slow
@pytest.mark.skipif(not CAMERA.exists(), reason="the reference data are not there")
@pytest.mark.parametrize(("algorithm", "least"), [("admm", 31.0), ("hqs", 30.5)])
def test_camera_is_as_good_as_was_measured_by_another_program(algorithm: Algorithm, least: float) -> None:
    data = np.load(CAMERA)
    a = np.random.RandomState(int(data["seed"])).standard_normal((len(data["b"]), 128 * 128))
    a = (a / np.sqrt(len(a))).astype(np.float32)
    assert hashlib.sha256(a.tobytes()).hexdigest() == str(data["A_sha256"])
    operator = Gaussian((1, 128, 128), len(a))
    operator.matrix = torch.from_numpy(a)
    x = torch.from_numpy(data["x"]).float().view(1, 1, 128, 128)
    solver = PlugAndPlay(BM3D("lc", (0.0, 255.0)), algorithm, PowerLaw(), first_sigma=60.0)
    error = solver.solve(operator(x), operator, value_range=(0.0, 255.0)).x - x
    assert 10 * torch.log10(255**2 / error.square().mean()) >= least
