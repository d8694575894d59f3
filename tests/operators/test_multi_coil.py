"""Coils: sensitivities times Fourier."""

import pytest
import torch
from operator_examples import normal
from torch import Tensor

from lit_inverse.operators import CartesianFourier, Fourier, MultiCoil


def maps(*shape: int) -> Tensor:
    s = normal(*shape, dtype=torch.complex128)
    return s / torch.linalg.vector_norm(s, dim=-3, keepdim=True)


def everything(*shape: int) -> Tensor:
    return torch.ones(*shape, dtype=torch.bool)


def test_each_coil_is_a_fourier_transform_of_its_image() -> None:
    s, mask = maps(3, 6, 8), normal(6, 8) > 0
    x = normal(2, 1, 6, 8, dtype=torch.complex128)
    y = MultiCoil(s, mask)(x)
    for coil in range(3):
        torch.testing.assert_close(y[:, coil], Fourier((1, 6, 8), mask)(s[coil] * x)[:, 0])


def test_one_even_coil_is_the_fourier_transform() -> None:
    mask, x = normal(6, 8) > 0, normal(2, 1, 6, 8)
    even = torch.ones(1, 6, 8, dtype=torch.complex64)
    torch.testing.assert_close(MultiCoil(even, mask)(x), Fourier((1, 6, 8), mask)(x))


def test_adjoint_of_all_coefficients_combines_the_coils() -> None:
    operator = MultiCoil(maps(4, 6, 7), everything(6, 7))
    x = normal(2, 1, 6, 7, dtype=torch.complex128)
    torch.testing.assert_close(operator.adjoint(operator(x)), x)


def test_coils_make_up_for_missing_columns() -> None:
    operator = MultiCoil(maps(4, 6, 16), CartesianFourier((1, 6, 16), 2, 0.1, "equispaced").mask)
    x = normal(2, 1, 6, 16, dtype=torch.complex128)
    torch.testing.assert_close(operator.pinv(operator(x)), x, rtol=0, atol=1e-6)


def test_maps_and_masks_per_item() -> None:
    s, mask = maps(3, 2, 6, 8), CartesianFourier((1, 6, 8), 2, 0.2, seed=[0, 1, 2]).mask
    x = normal(3, 1, 6, 8, dtype=torch.complex128)
    together = MultiCoil(s, mask)
    for i in range(3):
        torch.testing.assert_close(together(x)[i : i + 1], MultiCoil(s[i], mask[i])(x[i : i + 1]))
        torch.testing.assert_close(together.take([i])(x[i : i + 1]), together(x)[i : i + 1])


def test_half_precision_maps_are_applied_in_single_precision() -> None:
    operator, x = MultiCoil(maps(2, 6, 8), everything(6, 8)), normal(2, 1, 6, 8)
    y = operator(x)
    assert operator.half()(x.half()).dtype == torch.complex64
    torch.testing.assert_close(operator(x.half()).to(y.dtype), y, rtol=0, atol=1e-2)


def test_impossible_arguments_are_refused() -> None:
    s = maps(2, 6, 8)
    with pytest.raises(ValueError, match="expected complex"):
        MultiCoil(s.real, everything(6, 8))
    with pytest.raises(ValueError, match="mask is .*expected"):
        MultiCoil(s, everything(6, 7))
    with pytest.raises(ValueError, match="mask is for 3 items, sensitivities for 2"):
        MultiCoil(maps(2, 2, 6, 8), everything(3, 6, 8))
    with pytest.raises(ValueError, match="not finite"):
        MultiCoil(s * float("nan"), everything(6, 8))
