"""Blur against scipy, and one method against the other."""

import itertools
import math

import numpy as np
import pytest
import torch
from operator_examples import normal
from scipy import ndimage, signal

from lit_inverse.operators import Blur, Downsampling, GaussianBlur, MotionBlur
from lit_inverse.operators.blur import Boundary, Method
from lit_inverse.operators.blur_kernels import gaussian_kernel, motion_kernel

METHODS: tuple[Method, ...] = ("fft", "direct")
methods = pytest.mark.parametrize("method", METHODS)
DOUBLE = torch.float64


@pytest.mark.parametrize("boundary", ["circular", "valid", "reflect"])
@pytest.mark.parametrize("sides", [(1, 1), (3, 5), (4, 3), (6, 6)])
def test_both_methods_compute_the_same(boundary: Boundary, sides: tuple[int, int]) -> None:
    x, kernel = normal(2, 3, 9, 8, dtype=DOUBLE), normal(*sides, seed=1, dtype=DOUBLE)
    fft, direct = (Blur((3, 9, 8), kernel, method, boundary) for method in METHODS)
    torch.testing.assert_close(fft(x), direct(x))
    torch.testing.assert_close(fft.adjoint(fft(x)), direct.adjoint(fft(x)))


@methods
@pytest.mark.parametrize("boundary", ["circular", "reflect"])
def test_a_kernel_larger_than_the_image_is_folded(method: Method, boundary: Boundary) -> None:
    x, kernel = normal(1, 1, 4, 5, dtype=DOUBLE), normal(13, 15, seed=1, dtype=DOUBLE)
    mode = {"circular": "wrap", "reflect": "reflect"}[boundary]
    wide = np.pad(x[0, 0].numpy(), ((6, 6), (7, 7)), mode=mode)  # type: ignore[call-overload]
    expected = signal.convolve2d(wide, kernel.numpy(), mode="valid")
    np.testing.assert_allclose(Blur((1, 4, 5), kernel, method, boundary)(x)[0, 0], expected, atol=1e-10)


@methods
@pytest.mark.parametrize(("boundary", "mode"), [("circular", "wrap"), ("reflect", "mirror")])
def test_convolution_equals_that_of_scipy(method: Method, boundary: Boundary, mode: str) -> None:
    x, kernel = normal(1, 1, 9, 8, dtype=DOUBLE), normal(5, 3, seed=1, dtype=DOUBLE)
    expected = ndimage.convolve(x[0, 0].numpy(), kernel.numpy(), mode=mode)
    np.testing.assert_allclose(Blur((1, 9, 8), kernel, method, boundary)(x)[0, 0], expected, atol=1e-10)


@methods
@pytest.mark.parametrize("sides", [(4, 3), (9, 8)])
def test_valid_convolution_equals_that_of_scipy(method: Method, sides: tuple[int, int]) -> None:
    x, kernel = normal(1, 1, 9, 8, dtype=DOUBLE), normal(*sides, seed=1, dtype=DOUBLE)
    expected = signal.convolve2d(x[0, 0].numpy(), kernel.numpy(), mode="valid")
    np.testing.assert_allclose(Blur((1, 9, 8), kernel, method, "valid")(x)[0, 0], expected, atol=1e-10)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_gaussian_blur_equals_that_of_scipy(sigma: float) -> None:
    x = normal(1, 1, 32, 30)
    expected = ndimage.gaussian_filter(x[0, 0].double().numpy(), sigma, mode="wrap")
    np.testing.assert_allclose(GaussianBlur((1, 32, 30), sigma)(x)[0, 0], expected, atol=1e-6)


@pytest.mark.parametrize(("length", "angle"), [(1.0, 0.0), (7.3, 33.0), (12.0, 100.0), (4.0, -45.0)])
def test_motion_blur_is_the_mean_of_the_moving_image(length: float, angle: float) -> None:
    x = normal(1, 1, 32, 30, dtype=DOUBLE)
    expected = np.zeros((32, 30))
    times = (np.arange(400) + 0.5) / 400 - 0.5
    for t in times:
        up_and_right = length * t * math.sin(math.radians(angle)), length * t * math.cos(math.radians(angle))
        moved = ndimage.shift(x[0, 0].numpy(), (-up_and_right[0], up_and_right[1]), order=1, mode="grid-wrap")
        expected += moved / len(times)
    y = MotionBlur((1, 32, 30), length, angle).double()(x)
    np.testing.assert_allclose(y[0, 0], expected, atol=1e-3)


def test_motion_kernels_of_known_form() -> None:
    torch.testing.assert_close(motion_kernel(1, 0)[1], torch.tensor([0.125, 0.75, 0.125]), rtol=0, atol=1e-4)
    torch.testing.assert_close(motion_kernel(9, 90), motion_kernel(9, 0).mT)
    torch.testing.assert_close(motion_kernel(9, 30), motion_kernel(9, -30).flip(0))
    kernel = motion_kernel(9, 45)
    assert float(kernel[2, 8]) > 0.05 > float(kernel[2, 2])  # up and to the right


@pytest.mark.parametrize(
    "kernel", [gaussian_kernel(0.2), gaussian_kernel(3.3), motion_kernel(0.1, 7), motion_kernel(20, 50)]
)
def test_kernels_keep_the_mean(kernel: torch.Tensor) -> None:
    assert float(kernel.sum()) == pytest.approx(1)
    assert bool((kernel >= 0).all())


def test_pseudo_inverse_leaves_out_what_blur_removes() -> None:
    operator = Blur((1, 6, 6), torch.full((1, 2), 0.5, dtype=DOUBLE))
    stripes = torch.tensor([1.0, -1.0], dtype=DOUBLE).repeat(1, 1, 6, 3)
    x = 2 + normal(1, 1, 6, 1, dtype=DOUBLE).expand(1, 1, 6, 6)
    torch.testing.assert_close(operator.pinv(operator(x + stripes)), x)
    torch.testing.assert_close(operator.pinv(stripes), torch.zeros_like(stripes), rtol=0, atol=1e-10)


@methods
def test_strong_blur_is_solved_in_closed_form(method: Method) -> None:
    operator = GaussianBlur((2, 32, 32), 4.0, method).double()
    y = normal(3, 2, 32, 32, dtype=DOUBLE)
    rho = torch.tensor([1e-8, 1e-4, 1.0], dtype=DOUBLE)
    v = operator.solve_gram(y, rho)
    residual = operator(operator.adjoint(v)) + rho.view(3, 1, 1, 1) * v - y
    assert float(residual.abs().max()) < 1e-7
    torch.testing.assert_close(operator.norm(), torch.tensor(1.0, dtype=DOUBLE))


def test_conversion_to_double_loses_no_digits() -> None:
    kernel = normal(3, 3)
    converted, direct = Blur((1, 8, 8), kernel).double(), Blur((1, 8, 8), kernel.double(), "direct")
    x = normal(1, 1, 8, 8, dtype=DOUBLE)
    torch.testing.assert_close(converted(x), direct(x), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("kind", "method"), list(itertools.product(["mean", "bicubic"], METHODS)))
def test_super_resolution_composes_blur_and_downsampling(kind: str, method: Method) -> None:
    blur = GaussianBlur((3, 12, 8), 1.2, method, "reflect").double()
    downsampling = Downsampling((3, 12, 8), 2, "mean" if kind == "mean" else "bicubic").double()
    operator = downsampling @ blur
    x = normal(2, 3, 12, 8, dtype=DOUBLE)
    assert operator.out_shape == (3, 6, 4)
    torch.testing.assert_close(operator(x), downsampling(blur(x)))
    assert float(operator.norm()) <= float(downsampling.norm() * blur.norm()) * (1 + 1e-3)
    v = operator.solve_gram(operator(x), 0.1)
    torch.testing.assert_close(operator(operator.adjoint(v)) + 0.1 * v, operator(x))


@methods
def test_measurements_have_the_precision_of_the_image(method: Method) -> None:
    assert Blur((1, 8, 8), torch.ones(3, 3, dtype=DOUBLE), method)(normal(1, 1, 8, 8)).dtype == torch.float32


def test_impossible_blurs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"kernel has shape \(5, 9\), expected at most \(8, 8\)"):
        Blur((1, 8, 8), torch.ones(5, 9), boundary="valid")
    with pytest.raises(ValueError, match="expected \\(C, H, W\\) and \\(kh, kw\\)"):
        Blur((1, 8, 8), torch.ones(3))
    with pytest.raises(ValueError, match="boundary is 'mirror', expected one of"):
        Blur((1, 8, 8), boundary="mirror")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sigma is 0"):
        GaussianBlur((1, 8, 8), 0)
    with pytest.raises(ValueError, match="length is -1"):
        MotionBlur((1, 8, 8), -1)
