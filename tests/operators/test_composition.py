"""Operators made of operators against products of their matrices."""

import pytest
import torch

from lit_inverse.operators import Gaussian, Matrix, stack


def test_composition_multiplies_matrices() -> None:
    a, b = Gaussian((20,), 10, 1), Gaussian((30,), 20, 2)
    x = torch.randn(3, 30, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close((a @ b)(x), Matrix(a.matrix @ b.matrix)(x))


def test_stack_joins_measurements() -> None:
    a, b = Gaussian((30,), 10, 1), Gaussian((30,), 20, 2)
    x = torch.randn(3, 30, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(stack(a, b)(x), torch.cat([a(x), b(x)], 1))


def test_adjoint_of_the_adjoint_is_the_operator() -> None:
    a = Gaussian((30,), 10, 1)
    assert a.H.H is a


def test_operators_that_do_not_fit_are_refused() -> None:
    a, b = Gaussian((30,), 10, [0, 1]), Gaussian((30,), 10, [0, 1, 2])
    with pytest.raises(ValueError, match=r"B maps to \(10,\), expected the in_shape \(30,\) of A"):
        a @ a
    with pytest.raises(ValueError, match="one A per item for"):
        stack(a, b)
    with pytest.raises(ValueError, match="in_shape"):
        stack(a, Gaussian((20,), 10, 0))
