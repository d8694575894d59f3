"""Subsampled Fourier transforms against numpy's and against their definition."""

import math

import numpy as np
import pytest
import torch
from operator_examples import normal
from torch import Tensor

from lit_inverse.operators import CartesianFourier, Fourier, PoissonDiscFourier, RadialFourier, masks


def some_mask(*shape: int) -> Tensor:
    return normal(*shape, seed=1) > 0


@pytest.mark.parametrize("shape", [(6, 8), (7, 8), (5, 9), (1, 4)])
@pytest.mark.parametrize("norm", ["ortho", "backward"])
def test_coefficients_are_those_of_the_centred_transform(shape: tuple[int, int], norm: str) -> None:
    mask, x = some_mask(*shape), normal(3, 2, *shape, dtype=torch.complex128)
    operator = Fourier((2, *shape), mask, norm=norm)  # type: ignore[arg-type]
    axes = (-2, -1)
    z = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x.numpy(), axes), norm=norm), axes)  # type: ignore[arg-type]
    np.testing.assert_allclose(operator(x), z[..., mask.numpy()], atol=1e-12)


def test_coefficients_are_those_of_the_docstring() -> None:
    x = normal(1, 1, 5, 6, dtype=torch.float64)
    mask = torch.zeros(5, 6, dtype=torch.bool)
    k = 2, -1
    mask[5 // 2 + k[0], 6 // 2 + k[1]] = True
    i, j = torch.meshgrid(torch.arange(5) - 2, torch.arange(6) - 3, indexing="ij")
    waves = torch.exp(-2j * math.pi * (k[0] * i.double() / 5 + k[1] * j.double() / 6))
    torch.testing.assert_close(Fourier((1, 5, 6), mask)(x)[0, 0, 0], (x * waves).sum() / math.sqrt(30))


def test_mask_is_what_was_given() -> None:
    mask = some_mask(5, 8)
    assert torch.equal(Fourier((1, 5, 8), mask).mask, mask)
    stacked = CartesianFourier((1, 5, 8), 2, 0.25, seed=[3, 4]).mask
    assert torch.equal(stacked, torch.stack([masks.cartesian((5, 8), 2, 0.25, seed=seed) for seed in (3, 4)]))


@pytest.mark.parametrize(("lines", "published"), [(3, 381), (5, 634), (10, 1260), (20, 2500)])
def test_radial_measurements_have_the_size_of_cs_dip(lines: int, published: int) -> None:
    operator = RadialFourier((1, 256, 256), lines)
    assert operator.m == published
    assert operator.out_shape == (1, published)


def test_half_of_the_radial_coefficients_says_all_of_a_real_image() -> None:
    x = normal(2, 1, 16, 15, dtype=torch.float64)
    half = RadialFourier((1, 16, 15), 5, zero_frequency=True)
    whole = RadialFourier((1, 16, 15), 5, half=False, zero_frequency=True)
    of_half, of_whole = half.on_reals().pinv(half(x)), whole.pinv(whole(x))
    torch.testing.assert_close(of_half, of_whole.real)
    assert float(of_whole.imag.abs().max()) < 1e-12


@pytest.mark.parametrize("norm", ["ortho", "backward"])
def test_norm_says_how_it_scales(norm: str) -> None:
    operator = Fourier((1, 6, 8), torch.ones(6, 8, dtype=torch.bool), norm=norm)  # type: ignore[arg-type]
    x = normal(1, 1, 6, 8, dtype=torch.float64)
    gain = 1.0 if norm == "ortho" else math.sqrt(48)
    torch.testing.assert_close(operator(x).norm(), gain * x.norm())
    assert float(operator.norm()) == pytest.approx(gain)
    torch.testing.assert_close(operator.pinv(operator(x)).real, x)


def test_one_mask_per_seed() -> None:
    x = normal(3, 2, 8, 32)
    operator = CartesianFourier((2, 8, 32), acceleration=4, seed=[5, 6, 5])
    assert operator.n_items == 3
    for i, seed in enumerate([5, 6, 5]):
        torch.testing.assert_close(operator(x)[i : i + 1], CartesianFourier((2, 8, 32), 4, seed=seed)(x[i : i + 1]))
    assert PoissonDiscFourier((2, 16, 16), 4, 4, seed=[0, 1]).out_shape == (2, 64)


def test_half_precision_is_measured_in_single_precision() -> None:
    operator, x = Fourier((1, 6, 8), some_mask(6, 8)), normal(2, 1, 6, 8).half()
    y = operator(x)
    assert y.dtype == torch.complex64
    torch.testing.assert_close(y, operator(x.float()))


def test_impossible_arguments_are_refused() -> None:
    mask = torch.ones(6, 8, dtype=torch.bool)
    for wrong in (mask.float(), mask[:5], mask[None, None]):
        with pytest.raises(ValueError, match=r"mask is .*expected torch.bool \(6, 8\)"):
            Fourier((1, 6, 8), wrong)
    with pytest.raises(ValueError, match=r"keeps \[40, 48\] coefficients, expected one number"):
        Fourier((1, 6, 8), torch.stack([mask, mask.logical_and(torch.arange(6)[:, None] > 0)]))
    with pytest.raises(ValueError, match=r"keeps \[0\] coefficients"):
        Fourier((1, 6, 8), ~mask)
    with pytest.raises(ValueError, match="in_shape is"):
        RadialFourier((6, 8), 3)
    with pytest.raises(ValueError, match="norm is 'forward'"):
        Fourier((1, 6, 8), mask, norm="forward")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="empty list"):
        CartesianFourier((1, 6, 8), 2, seed=[])
