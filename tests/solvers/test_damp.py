"""D-AMP against the outputs of the original code, state evolution, and signals it must recover."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from few_coefficients import GREY, SoftDCT, draw, photograph, psnr, relative_error, smooth_images
from torch import Tensor

from lit_inverse.denoisers import BM3D, TV, Denoiser, Wavelet
from lit_inverse.operators import Fourier, Gaussian, Identity, Matrix, Sign, SubsampledDCT, SubsampledHadamard
from lit_inverse.solvers import DAMP, Status
from lit_inverse.solvers.least_squares.column_norm import column_norm
from lit_inverse.solvers.with_denoiser import plugged
from lit_inverse.solvers.with_denoiser.probed_denoiser import ProbedDenoiser
from lit_inverse.theory.state_evolution import state_evolution

REFERENCES = Path(__file__).resolve().parents[3] / "shared" / "refs" / "tval3"
ROBUST: dict[str, Any] = {"damping": 0.7, "box": True, "max_divergence": 0.95}


class Smoothing(Denoiser):
    """Circular convolution with a Gaussian of standard deviation .02 sigma pixels, sigma in grey levels."""

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        fy, fx = (torch.fft.fftfreq(side, dtype=x.dtype) for side in x.shape[2:])
        width = 0.02 * 255 * sigma.view(-1, 1, 1, 1)
        transfer = torch.exp(-2 * math.pi**2 * width**2 * (fy[:, None] ** 2 + fx**2))
        return torch.fft.ifft2(torch.fft.fft2(x) * transfer).real


@pytest.mark.parametrize(("name", "denoiser"), [("dctsoft", SoftDCT(GREY)), ("gblur", Smoothing(GREY))])
@pytest.mark.parametrize("case", ["cam32_r30", "cam64_r50"])
def test_answers_with_fixed_probes_are_those_of_the_original(
    case: str, name: str, denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = REFERENCES / f"damp_{case}.npz"
    if not path.is_file():
        pytest.skip(f"the outputs of the original are not there: {path.parent.name}/{path.name} in ../shared/refs")
    stored = np.load(path)
    m, side = int(stored["m"]), int(stored["side"])
    entries = np.random.RandomState(int(stored["seed"])).standard_normal((m, side * side))
    entries = (entries * (1 / np.sqrt(m))).astype(np.float32)
    assert hashlib.sha256(entries.tobytes()).hexdigest() == str(stored["A_sha256"])
    probes = np.random.RandomState(int(stored["eta_seed"])).standard_normal((20, 1, 1, 1, side, side))
    given = iter(torch.from_numpy(probes))
    monkeypatch.setattr(ProbedDenoiser, "probes", lambda self, shape: next(given))
    monkeypatch.setattr(plugged, "column_norm", lambda operator: torch.ones(1, dtype=torch.float64))  # as they left it
    operator = Matrix(torch.from_numpy(entries).double(), (1, side, side))
    solution = DAMP(denoiser, max_iter=20).solve(torch.from_numpy(stored["y"])[None], operator, value_range=GREY)
    expected = torch.from_numpy(stored[f"xhat_damp_{name}"])
    assert relative_error(solution.x[0, 0], expected) < 1e-9
    measured = torch.stack([solution.history["sigma"], solution.history["divergence"]], -1)[:, 0]
    torch.testing.assert_close(measured, torch.from_numpy(stored[f"sigma_div_{name}"]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_few_coefficients_are_recovered_exactly(channels: int) -> None:
    x = smooth_images(channels=channels, size=16, kept=15)
    operator = Gaussian(tuple(x.shape[1:]), x[0].numel() // 2, [1, 2]).double()
    solution = DAMP(SoftDCT(GREY), max_iter=150).solve(operator(x), operator, value_range=GREY, seeds=[3, 4])
    assert solution.status == [Status.MAX_ITER] * 2
    assert relative_error(solution.x, x) < 1e-6
    assert (solution.history["sigma"][-1] < 1e-3).all()


def test_complex_images_are_recovered_from_complex_measurements() -> None:
    x = torch.complex(*smooth_images(2).unbind(0))[None]
    operator = Matrix(torch.complex(draw(288, 576), draw(288, 576, seed=1)) / math.sqrt(2 * 288), (1, 24, 24))
    solution = DAMP(SoftDCT(GREY), max_iter=150).solve(operator(x), operator)
    assert solution.x.dtype == torch.complex128
    assert relative_error(solution.x, x) < 1e-6


def test_real_images_from_complex_measurements_are_those_from_pairs() -> None:
    x, a = smooth_images(), torch.complex(draw(100, 576), draw(100, 576, seed=1)) / math.sqrt(200)
    operator, pairs = Matrix(a, (1, 24, 24)), Matrix(torch.cat([a.real, a.imag]), (1, 24, 24))
    y = operator(x.to(a.dtype))
    solver = DAMP(SoftDCT(GREY), max_iter=10)
    expected = solver.solve(torch.cat([y.real, y.imag], 1), pairs, value_range=GREY)
    solution = solver.solve(y, operator.on_reals(), value_range=GREY)
    assert solution.x.dtype == torch.float64
    torch.testing.assert_close(solution.x, expected.x)
    boxed = DAMP(SoftDCT(GREY), box=True, max_iter=3).solve(y, operator, value_range=GREY)
    assert boxed.x.dtype == torch.float64, "a box is one of real images"


@pytest.mark.parametrize("operator", [Gaussian((1, 24, 24), 288), SubsampledDCT((1, 24, 24), 288)])
def test_a_scaled_operator_changes_nothing(operator: Any) -> None:
    operator = operator.double()
    y = operator(smooth_images())
    expected = DAMP(SoftDCT(GREY), max_iter=10).solve(y, operator, value_range=GREY)
    solution = DAMP(SoftDCT(GREY), max_iter=10).solve(40 * y, 40 * operator, value_range=GREY)
    torch.testing.assert_close(solution.x, expected.x)
    torch.testing.assert_close(solution.history["sigma"], expected.history["sigma"])


@pytest.mark.parametrize(
    ("operator", "tolerance"),
    [
        (Gaussian((1, 8, 8), 20, kappa=10.0), 1e-12),
        (Gaussian((1, 8, 8), 20, [1, 2]), 1e-12),
        (SubsampledDCT((1, 8, 8), 20, 0), 1e-6),
        (Fourier((2, 8, 8), torch.rand(8, 8, generator=torch.Generator().manual_seed(0)) < 0.4), 1e-6),
        (Fourier((1, 8, 8), torch.eye(8) > 0, norm="backward"), 1e-6),
        (SubsampledHadamard((1, 7, 8), 20, 0), 0.1),
        (3 * Gaussian((1, 8, 8), 20).on_reals(), 1e-12),
        (Gaussian((5,), 20, allow_overdetermined=True) @ Gaussian((1, 8, 8), 5), 0.2),
    ],
)
def test_column_norm_is_that_of_the_matrix(operator: Any, tolerance: float) -> None:
    operator = operator.double()
    found = column_norm(operator)
    units = torch.eye(operator.n, dtype=torch.float64).view(-1, *operator.in_shape)
    items = operator.n_items or 1
    norms = [
        operator.take([item] * operator.n)(units) if operator.n_items else operator(units) for item in range(items)
    ]
    expected = torch.stack([column.abs().square().sum() / operator.n for column in norms]).sqrt()
    assert found.shape == ((items,) if operator.n_items else ())
    torch.testing.assert_close(found.view(-1), expected, rtol=tolerance, atol=0)


@pytest.mark.parametrize("denoiser", [TV(value_range=GREY), Wavelet(value_range=GREY)], ids=["TV", "Wavelet"])
@pytest.mark.parametrize("noise", [0.0, 10.0])
def test_state_evolution_predicts_the_noise_of_a_photograph(denoiser: Denoiser, noise: float) -> None:
    x, m = photograph(64), 2048
    operator = Gaussian((1, 64, 64), m, 5, columns="unit").double()
    y = operator(x) + noise * draw(1, m, seed=6)
    predicted = state_evolution(denoiser, x, m, noise, n_iter=8)
    measured = DAMP(denoiser, max_iter=8).solve(y, operator, value_range=GREY).history["sigma"]
    torch.testing.assert_close(measured, predicted, rtol=0.08, atol=0)


def test_state_evolution_counts_complex_numbers_as_pairs() -> None:
    x = smooth_images(2)
    pair = torch.complex(x[:1], x[1:])
    predicted = state_evolution(SoftDCT(GREY), pair, 400, 3.0, n_iter=4)
    both = state_evolution(SoftDCT(GREY), x.view(1, 1, 48, 24), 400, 3.0, n_iter=1)
    assert predicted.shape == (4, 1)
    torch.testing.assert_close(predicted[0], both[0])


def test_the_range_of_the_denoiser_is_that_of_the_solver() -> None:
    x = photograph(32)
    operator = Gaussian((1, 32, 32), 500).double()
    in_grey_levels = DAMP(TV(value_range=GREY), max_iter=5).solve(operator(x), operator, value_range=GREY)
    solver = DAMP(TV(value_range=(0, 1)), max_iter=5)
    assert solver.native_range == (0, 1)
    solution = solver.solve(operator(x), operator, value_range=GREY)
    torch.testing.assert_close(solution.x, in_grey_levels.x, rtol=0, atol=1e-6)
    torch.testing.assert_close(255 * solution.history["sigma"], in_grey_levels.history["sigma"])


def test_too_few_measurements_are_flagged_with_the_iterate_of_least_residual() -> None:
    x = photograph(64)
    operator = Gaussian((1, 64, 64), 60, [3, 4]).double()
    y = operator(x.expand(2, -1, -1, -1))
    solution = DAMP().solve(y, operator, value_range=GREY, trace=range(31))
    assert solution.status == [Status.DIVERGED] * 2
    assert torch.isfinite(solution.x).all()
    assert (solution.n_iter < 30).all()
    assert solution.iterates is not None
    sizes = [(operator(x_k) - y).norm(dim=1) for x_k in solution.iterates]
    torch.testing.assert_close((operator(solution.x) - y).norm(dim=1), torch.stack(sizes).amin(0))


class Unstable(SoftDCT):
    """It amplifies what it should denoise at sigma above 1.5 times the range."""

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.where(sigma.view(-1, 1, 1, 1) > 1.5, 10 * x, super().denoise(x, sigma))


def test_items_that_diverge_leave_the_others_as_they_are() -> None:
    x = smooth_images(3) * torch.tensor([1.0, 3.0, 1.0]).view(-1, 1, 1, 1)
    operator = Gaussian((1, 24, 24), 288, [1, 2, 3]).double()
    y = operator(x)
    solver = DAMP(Unstable(GREY), max_iter=6)
    together = solver.solve(y, operator, value_range=GREY, seeds=[1, 2, 3])
    assert together.status == [Status.MAX_ITER, Status.DIVERGED, Status.MAX_ITER]
    for item, n_iter in enumerate(together.n_iter.tolist()):
        alone = solver.solve(y[item : item + 1], operator.take([item]), value_range=GREY, seeds=[item + 1])
        assert (alone.status[0], alone.n_iter[0]) == (together.status[item], n_iter)
        torch.testing.assert_close(alone.x[0], together.x[item])
        for name, values in alone.history.items():
            torch.testing.assert_close(values[:, 0], together.history[name][: len(values), item], equal_nan=True)


def test_an_answer_farther_from_the_data_than_black_is_flagged() -> None:
    class Negative(Denoiser):
        def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
            return -0.5 * x

    x = smooth_images(1)
    operator = Gaussian((1, 24, 24), 288, 1).double()
    y = operator(x)
    solution = DAMP(Negative(GREY), max_iter=2).solve(y, operator, value_range=GREY)
    assert solution.history["residual"].min() > 1
    assert solution.history["sigma"].max() < 10 * solution.history["sigma"][0]
    assert solution.status == [Status.DIVERGED]
    assert (solution.x == 0).all(), "nothing was nearer"


def test_robust_settings_do_not_diverge_where_the_published_ones_do() -> None:
    x = photograph(64)
    operator = Gaussian((1, 64, 64), 250, 3, columns="unit").double()
    solution = DAMP(max_iter=15, **ROBUST).solve(operator(x), operator, value_range=GREY)
    assert solution.status == [Status.MAX_ITER]
    assert x.min() >= 0
    assert solution.x.min() >= 0
    assert solution.x.max() <= 255
    assert psnr(solution.x, x) > 17


def test_photographs_are_recovered_better_than_by_total_variation() -> None:
    """Camera of 64 x 64 at m/n = .3, where TVAL3 has 30.4 dB; 32.0 to 32.5 for A of the seeds 1 to 4."""
    x = photograph(64)
    operator = Gaussian((1, 64, 64), 1229, 1, columns="unit").double()
    solver = DAMP(BM3D("np", GREY), max_iter=15)
    assert psnr(solver.solve(operator(x), operator, value_range=GREY, seeds=[1]).x, x) > 31.4


def test_two_iterations_by_hand_with_damping_box_and_bound() -> None:
    """D = 2 r has the divergence 2 n, far above the bound whatever the probe."""

    class Double(Denoiser):
        def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
            return 2 * x

    a = draw(10, 16)
    a = a * (4 / a.norm())
    x = 128 + 60 * draw(1, 1, 4, 4)
    y = x.flatten(1) @ a.T
    solver = DAMP(Double(GREY), damping=0.5, box=True, max_divergence=0.9, max_iter=2)
    solution = solver.solve(y, Matrix(a, (1, 4, 4)), value_range=GREY, trace=[1, 2])
    z, x_hat = y, torch.zeros(1, 16, dtype=torch.float64)
    assert solution.iterates is not None
    for k in range(2):
        torch.testing.assert_close(solution.history["sigma"][k], z.norm(dim=1) / math.sqrt(10))
        torch.testing.assert_close(solution.history["divergence"][k].item(), 3.2, rtol=1.0, atol=0)
        x_hat = 0.5 * x_hat + 0.5 * (2 * (z @ a + x_hat)).clamp(0, 255)
        residual = y - x_hat @ a.T
        torch.testing.assert_close(solution.history["residual"][k], residual.norm(dim=1) / y.norm(dim=1))
        z = 0.5 * z + 0.5 * (residual + 0.9 * z)
        torch.testing.assert_close(solution.iterates[k].flatten(1), x_hat)


def test_zero_measurements_give_a_black_image() -> None:
    operator = Gaussian((1, 12, 12), 60, 0).double()
    solution = DAMP(max_iter=3).solve(torch.zeros(2, 60, dtype=torch.float64), operator)
    assert (solution.x == 0).all()
    assert solution.status == [Status.MAX_ITER] * 2
    assert all(torch.isfinite(values).all() for values in solution.history.values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"damping": 0.0}, "damping is 0.0, expected a weight of the new iterate in"),
        ({"damping": 1.5}, "damping is 1.5"),
        ({"max_divergence": -1.0}, "max_divergence is -1.0, expected a finite number > 0"),
        ({"probe_step": 0.0}, "probe_step is 0.0, expected a finite number > 0"),
        ({"max_iter": 0}, "max_iter is 0, expected at least 1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DAMP(**settings)


def test_problems_it_can_not_solve_are_refused() -> None:
    y = torch.ones(1, 4, dtype=torch.float64)
    with pytest.raises(ValueError, match="Sign is not linear"):
        DAMP().solve(y, Sign(Identity((4,)).double()))
    with pytest.raises(ValueError, match=r"x has shape \(4,\), expected images"):
        DAMP().solve(y, Identity((4,)).double())
    with pytest.raises(ValueError, match="x has 2 channels, BM3D takes 1 or 3: take another denoiser"):
        DAMP().solve(y.view(1, 2, 1, 2), Identity((2, 1, 2)).double())
