"""TVAL3 against the outputs of the original code, exact minima of total variation, and closed forms."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from datamodules import MNISTDataModule
from lit_inverse.operators import Gaussian, Identity, LinearOperator, Matrix, RadialFourier, Sign
from lit_inverse.operators.image_gradient import gradient, gradient_adjoint
from lit_inverse.solvers import TVAL3, Solution, Status

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NATURAL = ["barbara", "boat", "peppers", "fingerprint", "mandrill"]
REFERENCES = DATA.parent / "refs" / "tval3"
SETTINGS: dict[str, dict[str, Any]] = {
    "csdip": {"norm": "anisotropic", "constraint": "nonnegative", "tol": 1e-3, "max_iter": 300},
    "default": {},
}
TIGHT: dict[str, Any] = {"inner_tol": 1e-5, "max_outer": 100, "max_iter": 5000}
CLOSE: dict[str, Any] = {"inner_tol": 1e-4, "max_outer": 50, "max_iter": 1000}
SMALL = ["cam32_r10", "cam32_r20", "cam32_r30", "cam32_r50"]
LARGE = ["cam64_r10", "cam64_r30", "cam64_r30_n5", "phantom64_r20", "cam128_r20"]


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def blocks(items: int = 3, channels: int = 1, size: int = 12) -> Tensor:
    """Piecewise constant images in [0, 255]."""
    x = torch.full((items, channels, size, size), 30.0, dtype=torch.float64)
    for item in range(items):
        for channel in range(channels):
            x[item, channel, 2 : 7 + item, 3:8] = 200.0 - 30 * channel
            x[item, channel, 6:10, 6 + item : 11] = 120.0 + 20 * channel
    return x


def total_variation(x: Tensor, norm: str) -> Tensor:
    differences = gradient(x, periodic=True)
    lengths = differences.square().sum(1).sqrt() if norm == "isotropic" else differences.abs().sum(1)
    return lengths.flatten(1).sum(1)


def psnr(x_hat: Tensor, x: Tensor) -> float:
    return float(10 * torch.log10(255**2 / (x_hat - x).abs().square().mean()))


class Reference:
    """A case of the original code: y, A and its answers."""

    def __init__(self, name: str) -> None:
        path = REFERENCES / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"the outputs of the original are not there: {path.parent.name}/{path.name} in ../shared/refs")
        self.stored = np.load(path)
        m, side = int(self.stored["m"]), int(self.stored["side"])
        a = np.random.RandomState(int(self.stored["seed"])).standard_normal((m, side * side))
        a = (a * (1 / np.sqrt(m))).astype(np.float32).astype(np.float64)
        self.shape = (1, side, side)
        self.operator = Matrix(torch.from_numpy(a), self.shape)
        self.y = torch.from_numpy(self.stored["b"]).double().view(1, -1)

    def image(self, key: str) -> Tensor:
        return torch.from_numpy(self.stored[key]).double().view(1, *self.shape)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_answers_are_as_good_as_those_of_the_original(name: str, settings: str) -> None:
    case = Reference(name)
    x_hat = TVAL3(**SETTINGS[settings]).solve(case.y, case.operator).x
    theirs = psnr(case.image(f"xhat_{settings}"), case.image("x"))
    assert psnr(x_hat, case.image("x")) == pytest.approx(theirs, abs=0.6 if name.startswith("phantom") else 0.3)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    ("norm", "key"),
    [("isotropic", "xexact_tv2"), ("anisotropic", "xexact_tv1")],
)
def test_tight_tolerances_reach_the_least_total_variation(name: str, norm: str, key: str) -> None:
    case = Reference(name)
    solution = TVAL3(norm=norm, **TIGHT).solve(case.y, case.operator)
    least = total_variation(case.image(key), norm)
    torch.testing.assert_close(total_variation(solution.x, norm), least, rtol=1e-3, atol=0)
    assert solution.history["residual"][-1].item() < 2e-4


@pytest.mark.slow
@pytest.mark.parametrize(("m", "figure"), [(25, 0.246), (50, 0.172), (75, 0.117), (100, 0.058)])
def test_errors_on_digits_are_those_of_the_original(m: int, figure: float) -> None:
    """Mean squared error on [-1, 1] of the first ten test digits; note the spread of single draws of A, 5 to 10 %."""
    digits = DATA / "mnist"
    if not digits.is_dir():
        pytest.skip("MNIST is not there: ../shared/data/mnist")
    data = MNISTDataModule(digits, value_range=(-1, 1))
    data.setup("test")
    dataset = data.dataset("test")
    x = torch.stack([dataset[i]["x"] for i in range(10)]).repeat(5, 1, 1, 1)
    operator = Gaussian((1, 28, 28), m, list(range(50)), columns="unit")
    x_hat = TVAL3(**SETTINGS["csdip"]).solve(operator(x), operator, value_range=(-1, 1)).x
    assert float((x_hat - x).square().mean()) == pytest.approx(figure, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ratio", "figures"),
    [
        (0.10, (21.58, 22.91, 21.83, 16.77, 23.19)),
        (0.20, (24.86, 25.38, 25.65, 17.34, 24.77)),
        (0.25, (26.28, 26.47, 27.58, 17.66, 25.51)),
    ],
)
def test_natural_images_as_with_the_original(ratio: float, figures: tuple[float, ...]) -> None:
    """Single images of 128 x 128, A with columns of unit norm; another draw of A changes them by up to .3 dB."""
    paths = [DATA / "natural" / "dev" / f"{name}.png" for name in NATURAL]
    if not all(path.is_file() for path in paths):
        pytest.skip("classic images are not there: ../shared/data/natural/dev")
    halved = (Image.open(path).resize((128, 128), Image.Resampling.BICUBIC) for path in paths)
    x = torch.stack([torch.from_numpy(np.array(image)).float() for image in halved]).unsqueeze(1)
    a = np.random.RandomState(1).standard_normal((round(ratio * 128**2), 128**2)).astype(np.float32)
    operator = Matrix(torch.from_numpy(a / np.linalg.norm(a, axis=0)), (1, 128, 128))
    x_hat = TVAL3(**SETTINGS["csdip"]).solve(operator(x), operator).x
    assert [psnr(*pair) for pair in zip(x_hat, x, strict=True)] == pytest.approx(figures, abs=0.3)


@pytest.mark.parametrize("norm", ["isotropic", "anisotropic"])
@pytest.mark.parametrize("constraint", ["none", "box"])
def test_piecewise_constant_images_are_recovered_from_few_measurements(norm: str, constraint: str) -> None:
    x = blocks()
    operator = Gaussian((1, 12, 12), 100, [1, 2, 3]).double()
    solver = TVAL3(norm=norm, constraint=constraint, **TIGHT)
    x_hat = solver.solve(operator(x), operator, value_range=(0, 255)).x
    torch.testing.assert_close(x_hat, x, rtol=0, atol=0.5)


def test_tv_l2_denoises_a_square_wave_in_closed_form() -> None:
    """Of a periodic wave of 4 bars with jumps h, each bar moves by 2 / (4 mu) towards the others."""
    wave = torch.tensor([0.0, 1.0] * 2, dtype=torch.float64).repeat_interleave(4)
    y = wave.expand(1, 1, 16, 16).contiguous()
    solution = TVAL3(model="tv_l2", mu=8.0, beta=8.0, **TIGHT).solve(y, Identity((1, 16, 16)).double())
    # per row: TV 4 (h - 2 t) + 8 t^2 / 2 per pixel and 16 pixels; d/dt = 0 at t = 8 / (16 mu)
    expected = y + 8 / (16 * 8.0) * (1 - 2 * y)
    torch.testing.assert_close(solution.x, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("norm", ["isotropic", "anisotropic"])
def test_tv_l2_reaches_the_minimum_a_dual_method_finds(norm: str) -> None:
    """Accelerated projected gradients on the dual of denoising: min over |q_i| <= 1 of ||b - D^T q / mu||."""
    b, mu = blocks(2, size=10) / 255 + 0.1 * draw(2, 1, 10, 10), 5.0
    width = (b.flatten(1).amax(1) - b.flatten(1).amin(1)).view(-1, 1, 1, 1)
    scale = width.clamp(0.5, 1.5) / width
    q = last = torch.zeros(2, 2, 1, 10, 10, dtype=torch.float64)
    for k in range(800):
        ahead = q + k / (k + 3) * (q - last)
        ahead = ahead + (mu / 8) * gradient(scale * b - gradient_adjoint(ahead, periodic=True) / mu, periodic=True)
        size = ahead.square().sum(1, keepdim=True).sqrt() if norm == "isotropic" else ahead.abs()
        q, last = ahead / size.clamp_min(1), q
    expected = b - gradient_adjoint(q, periodic=True) / (mu * scale)
    solution = TVAL3(model="tv_l2", norm=norm, mu=mu, beta=8.0, **TIGHT).solve(b, Identity((1, 10, 10)).double())
    torch.testing.assert_close(solution.x, expected, rtol=0, atol=5e-3)


def test_an_item_alone_is_as_in_a_batch_to_the_last_step() -> None:
    x = blocks()
    operator = Gaussian((1, 12, 12), 70, [1, 2, 3]).double()
    y = operator(x)
    together = TVAL3(constraint="box").solve(y, operator, value_range=(0, 255))
    assert len(set(together.n_iter.tolist())) > 1, "items should end at different steps"
    for item in range(3):
        alone = TVAL3(constraint="box").solve(y[item : item + 1], operator.take([item]), value_range=(0, 255))
        assert alone.n_iter[0] == together.n_iter[item]
        assert alone.status[0] == together.status[item]
        torch.testing.assert_close(alone.x[0], together.x[item], rtol=0, atol=1e-5)


def test_history_keeps_the_last_values_of_items_that_ended() -> None:
    x = blocks()
    operator = Gaussian((1, 12, 12), 70, 0).double()
    y = operator(x)
    solution = TVAL3().solve(y, operator, trace=[0, 5, 10_000])
    residual = (operator(solution.x) - y).norm(dim=1) / y.norm(dim=1)
    torch.testing.assert_close(solution.history["residual"][-1], residual, rtol=1e-6, atol=1e-9)
    assert solution.history["loss"].shape == solution.history["residual"].shape
    assert len(solution.history["loss"]) >= int(solution.n_iter.max())
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[1], TVAL3(max_iter=5).solve(y, operator).x)
    assert torch.equal(solution.iterates[2], solution.x)


def test_complex_images_are_recovered_from_fourier_coefficients() -> None:
    x = torch.complex(blocks(2, size=24)[:1], blocks(2, size=24)[1:])
    operator = RadialFourier((1, 24, 24), 12, half=False, zero_frequency=True).double()
    solution = TVAL3(**CLOSE).solve(operator(x), operator)
    assert solution.x.dtype == torch.complex128
    assert psnr(solution.x, x) > 45


@pytest.mark.parametrize("constraint", ["none", "box"])
def test_real_images_from_complex_measurements_are_those_from_pairs(constraint: str) -> None:
    x, a = blocks(2), torch.complex(draw(40, 144), draw(40, 144, seed=1)) / 10
    operator, pairs = Matrix(a, (1, 12, 12)), Matrix(torch.cat([a.real, a.imag]), (1, 12, 12))
    y = operator(x.to(a.dtype))
    solver = TVAL3(constraint=constraint)
    expected = solver.solve(torch.cat([y.real, y.imag], 1), pairs, value_range=(0, 255)).x
    x_hat = solver.solve(y, operator.on_reals(), value_range=(0, 255)).x
    assert x_hat.dtype == torch.float64
    torch.testing.assert_close(x_hat, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("norm", ["isotropic", "anisotropic"])
def test_colours_that_change_together_are_recovered_from_fewer_measurements_each(norm: str) -> None:
    x = blocks(2, channels=3)
    operator = Gaussian((3, 12, 12), 170, 0).double()
    solution = TVAL3(norm=norm, constraint="box", **CLOSE).solve(operator(x), operator, value_range=(0, 255))
    assert solution.x.shape == x.shape
    assert psnr(solution.x, x) > 45


@pytest.mark.parametrize(("norm", "apart", "gain"), [("anisotropic", (), 1.0), ("isotropic", (1,), 0.5)])
def test_coupled_channels_are_better_than_a_sum_over_channels(norm: str, apart: tuple[int, ...], gain: float) -> None:
    """A portrait and its surroundings at m/n = .2: 1.5 and .9 dB."""
    astronaut = pytest.importorskip("skimage.data").astronaut()
    halved = (Image.fromarray(part).resize((32, 32)) for part in (astronaut[:300, 100:400], astronaut))
    x = torch.stack([torch.from_numpy(np.array(image)) for image in halved]).permute(0, 3, 1, 2).float()
    operator = Gaussian((3, 32, 32), 614, 0)
    y, solver = operator(x), TVAL3(norm=norm, constraint="box")
    coupled = solver.solve(y, operator, value_range=(0, 255)).x
    solver.rules = dataclasses.replace(solver.rules, group=apart)
    separate = solver.solve(y, operator, value_range=(0, 255)).x
    assert psnr(coupled, x) > psnr(separate, x) + gain


def test_equal_channels_are_a_grey_image_of_another_beta() -> None:
    """Three equal channels have differences sqrt(3) times as long: beta, mu and f are those of one with 3 beta."""
    grey = blocks(1)
    one, three = Identity((1, 12, 12)).double(), Identity((3, 12, 12)).double()
    y = grey + 10 * draw(1, 1, 12, 12)
    x_grey = TVAL3("tv_l2", mu=math.sqrt(3) * 8.0, beta=math.sqrt(3) * 8.0, **CLOSE).solve(y, one).x
    x_rgb = TVAL3("tv_l2", mu=8.0, beta=8.0, **CLOSE).solve(y.expand(1, 3, 12, 12), three).x
    torch.testing.assert_close(x_rgb, x_grey.expand_as(x_rgb), rtol=0, atol=0.2)


@pytest.mark.parametrize(("constraint", "upper"), [("nonnegative", math.inf), ("box", 1.0)])
def test_answers_keep_to_their_range(constraint: str, upper: float) -> None:
    operator = Gaussian((1, 12, 12), 40, 0).double()
    y = operator(blocks() / 255) + 0.2 * draw(3, 40)
    free = TVAL3().solve(y, operator, value_range=(0, 1)).x
    x_hat = TVAL3(constraint=constraint).solve(y, operator, value_range=(0, 1)).x
    assert free.min() < -0.01
    assert x_hat.min() >= -1e-12
    assert x_hat.max() <= upper + 1e-12


def test_continuation_ends_at_the_same_minimum() -> None:
    x = blocks(1)
    operator = Gaussian((1, 12, 12), 60, 0).double()
    expected = TVAL3(**CLOSE).solve(operator(x), operator)
    continued = TVAL3(mu0=16.0, beta0=2.0, **CLOSE).solve(operator(x), operator)
    torch.testing.assert_close(
        total_variation(continued.x, "isotropic"), total_variation(expected.x, "isotropic"), rtol=1e-2, atol=0
    )
    begun = [solution.history["loss"][0].item() for solution in (expected, continued)]
    assert begun[1] < 0.5 * begun[0]  # it begins with a sixteenth of the weights


class WrongAdjoint(LinearOperator):
    """A whose gradient points uphill."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        self.matrix = matrix
        self.in_shape, self.out_shape = matrix.in_shape, matrix.out_shape

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.matrix(x)
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        return -self.matrix.adjoint(y)


def solve_uphill() -> Solution:
    operator = Gaussian((1, 12, 12), 60, 0).double()
    return TVAL3().solve(operator(blocks()), WrongAdjoint(operator))


def test_divergence_is_flagged_with_a_finite_answer() -> None:
    solution = solve_uphill()
    assert solution.status == [Status.DIVERGED] * 3
    assert torch.isfinite(solution.x).all()
    assert torch.isfinite(solution.history["residual"]).all()
    assert (solution.n_iter < 1025).all()


def test_zero_measurements_give_a_black_image() -> None:
    operator = Gaussian((1, 12, 12), 60, 0).double()
    solution = TVAL3().solve(torch.zeros(2, 60, dtype=torch.float64), operator)
    assert (solution.x == 0).all()
    assert solution.status == [Status.CONVERGED] * 2


def test_a_scaled_operator_changes_nothing() -> None:
    operator = Gaussian((1, 12, 12), 60, 0).double()
    y = operator(blocks())
    expected = TVAL3(max_iter=30).solve(y, operator).x
    torch.testing.assert_close(TVAL3(max_iter=30).solve(4 * y, 4 * operator).x, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "l2"}, "model is 'l2', expected one of tv, tv_l2"),
        ({"norm": "l1"}, "norm is 'l1', expected one of isotropic, anisotropic"),
        ({"constraint": None}, "constraint is None, expected one of none, nonnegative, box"),
        ({"mu": 0.0}, "mu is 0.0, expected a finite number > 0"),
        ({"beta": math.inf}, "beta is inf"),
        ({"mu0": 300.0}, "mu0 is 300.0, expected a number > 0, at most mu = 256.0"),
        ({"tol": math.nan}, "tol is nan, expected a finite number >= 0"),
        ({"max_outer": 0}, "max_outer is 0, expected at least 1"),
        ({"max_iter": 0}, "max_iter is 0, expected at least 1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TVAL3(**settings)


def test_problems_it_can_not_solve_are_refused() -> None:
    y = torch.ones(1, 4, dtype=torch.float64)
    with pytest.raises(ValueError, match="Sign is not linear"):
        TVAL3().solve(y, Sign(Identity((4,)).double()))
    with pytest.raises(ValueError, match=r"x has shape \(4,\), expected images"):
        TVAL3().solve(y, Identity((4,)).double())
    with pytest.raises(ValueError, match="value_range is None"):
        TVAL3(constraint="box").solve(y.view(1, 1, 2, 2), Identity((1, 2, 2)).double())
