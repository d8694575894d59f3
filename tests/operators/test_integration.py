"""The integration operator of the analytic deep prior."""

import math

import pytest
import torch
from operator_examples import normal

from lit_inverse.operators import Integration

DOUBLE = torch.float64


def matrix(n: int) -> torch.Tensor:
    return (torch.ones(n, n, dtype=DOUBLE).tril() - torch.eye(n, dtype=DOUBLE) / 2) / n


def test_matrix_is_that_of_the_paper() -> None:
    operator = Integration()
    assert operator.in_shape == operator.out_shape == (200,)
    torch.testing.assert_close(operator(torch.eye(200, dtype=DOUBLE)).mT, matrix(200))


def test_singular_values_tend_to_those_of_integration() -> None:
    _, sigma, _ = Integration(200).singular_system(torch.zeros(0, dtype=DOUBLE))
    torch.testing.assert_close(sigma, torch.linalg.svdvals(matrix(200)))
    j = torch.arange(1, 9, dtype=DOUBLE)
    torch.testing.assert_close(sigma[:8], 2 / ((2 * j - 1) * math.pi), rtol=2e-3, atol=0)


@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_singular_system_is_orthonormal_and_composes_the_matrix(n: int) -> None:
    u, sigma, v = Integration(n).singular_system(torch.zeros(0, dtype=DOUBLE))
    torch.testing.assert_close(u * sigma @ v.mT, matrix(n))
    torch.testing.assert_close(u.mT @ u, torch.eye(n, dtype=DOUBLE))
    torch.testing.assert_close(v.mT @ v, torch.eye(n, dtype=DOUBLE))
    torch.testing.assert_close(Integration(n).norm().double(), sigma[0], rtol=1e-6, atol=0)


def test_inverse_equals_a_triangular_solve() -> None:
    y = normal(3, 200, dtype=DOUBLE)
    expected = torch.linalg.solve_triangular(matrix(200), y.mT, upper=False).mT
    torch.testing.assert_close(Integration(200).pinv(y), expected)
    torch.testing.assert_close(Integration(200)(expected), y)


def test_a_cosine_integrates_to_a_sine() -> None:
    t = (torch.arange(200, dtype=DOUBLE) + 0.5) / 200
    torch.testing.assert_close(Integration(200)(t.cos()[None])[0], t.sin(), rtol=0, atol=1e-5)


def test_in_shape_takes_the_place_of_n() -> None:
    assert Integration(in_shape=(30,)).in_shape == (30,)
    with pytest.raises(ValueError, match=r"expected \(n,\)"):
        Integration(in_shape=(1, 5, 5))
    with pytest.raises(ValueError, match="n >= 1"):
        Integration(0)
