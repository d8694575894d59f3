"""The data step against dense linear algebra, for every linear operator."""

import pytest
import torch
from operator_examples import LINEAR
from torch import Tensor

from lit_inverse.operators import Gaussian, LinearOperator, Matrix
from lit_inverse.operators.composition import OnReals
from lit_inverse.solvers.least_squares.data_step import DataStep
from lit_inverse.solvers.least_squares.gram_inverse import _Iterative, gram_inverse

RHO = torch.tensor([0.3, 2.0, 50.0], dtype=torch.float64)


def normal(*shape: int, seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def dense(operator: LinearOperator, dtype: torch.dtype) -> Tensor:
    """(3, m, n): the matrix of each of 3 items; with 2 m real rows for a real x and complex measurements."""
    items = []
    for i in range(3):
        own = operator.take([i])
        unit = torch.eye(own.n, dtype=dtype).view(own.n, *own.in_shape)
        items.append(torch.cat([own(one[None]).flatten(1) for one in unit]).mT)
    matrix = torch.stack(items)
    real = not dtype.is_complex and matrix.is_complex()
    return torch.cat([matrix.real, matrix.imag], 1) if real else matrix


def problem(name: str, on_reals: bool) -> tuple[LinearOperator, Tensor, Tensor, Tensor, Tensor]:
    """A, y, v, the dense A and the y that belongs to it."""
    operator = LINEAR[name]().double()
    operator = operator.on_reals() if on_reals else operator
    kind = operator(torch.zeros(operator.n_items or 1, *operator.in_shape, dtype=torch.float64)).dtype
    real = isinstance(operator, OnReals) or not kind.is_complex
    dtype = torch.float64 if real else torch.complex128
    y = normal(3, *operator.out_shape, seed=1, dtype=kind)
    v = normal(3, *operator.in_shape, seed=2, dtype=dtype)
    a, b = dense(operator, dtype), y.flatten(1)
    b = torch.cat([b.real, b.imag], 1) if b.is_complex() and not a.is_complex() else b
    return operator, y, v, a, b


def minimiser(a: Tensor, b: Tensor, v: Tensor, rho: Tensor) -> Tensor:
    gram = a.mH @ a + rho.view(-1, 1, 1) * torch.eye(a.shape[2], dtype=a.dtype)
    right = (a.mH @ b.unsqueeze(2)).squeeze(2) + rho.view(-1, 1) * v.flatten(1)
    return torch.linalg.solve(gram, right).view(v.shape)


@pytest.mark.parametrize("on_reals", [False, True], ids=["as it is", "on reals"])
@pytest.mark.parametrize("name", LINEAR)
class TestEveryOperator:
    def test_it_is_the_minimiser_for_every_rho_one_after_the_other(self, name: str, on_reals: bool) -> None:
        operator, y, v, a, b = problem(name, on_reals)
        step = DataStep(operator, y)
        for rho in (RHO, RHO.flip(0), 1e-4 * RHO):
            expected = minimiser(a, b, v, rho)
            torch.testing.assert_close(step(v, rho), expected, rtol=0, atol=1e-7 * float(expected.abs().max()))

    def test_its_divergence_is_the_mean_derivative(self, name: str, on_reals: bool) -> None:
        operator, y, _, a, _ = problem(name, on_reals)
        step = DataStep(operator, y)
        values = torch.linalg.eigvalsh(a.mH @ a)
        expected = (RHO[:, None] / (values + RHO[:, None])).mean(1)
        estimated = isinstance(step._inverse, _Iterative)
        atol = 0.05 if estimated else 1e-10
        torch.testing.assert_close(step.divergence(RHO), expected, rtol=0, atol=atol)

    def test_taken_items_are_as_in_the_batch(self, name: str, on_reals: bool) -> None:
        operator, y, v, _, _ = problem(name, on_reals)
        step, index = DataStep(operator, y), [2, 0]
        step(0.9 * v, RHO)
        expected = step(v, RHO)[index]
        again = DataStep(operator, y)
        again(0.9 * v, RHO)
        taken = again.take(index)
        torch.testing.assert_close(taken(v[index], RHO[index]), expected, rtol=0, atol=1e-8)
        torch.testing.assert_close(taken.divergence(RHO[index]), step.divergence(RHO)[index], rtol=0, atol=1e-10)


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("rho", [1e-2, 1e-4, 1e-6])
def test_rounding_in_the_null_space_is_not_divided_by_a_small_rho(rho: float, tall: bool) -> None:
    """Measurements made twice that do not agree, in single precision."""
    half = normal(10, 30, seed=0, dtype=torch.float64)
    a = torch.cat([half, half])
    a = torch.cat([a, -a]) if tall else a
    y, v, rhos = normal(2, len(a), seed=1, dtype=torch.float64), torch.zeros(2, 30), torch.full((2,), rho)
    expected = minimiser(a[None], y, v.double(), rhos.double())
    found = DataStep(Matrix(a.float()), y.float())(v, rhos)
    assert (found - expected).norm() < 1e-5 * expected.norm()


def test_small_eigenvalues_of_a_nearly_square_matrix_are_kept() -> None:
    a = Gaussian((784,), 750, 0)
    assert (gram_inverse(a, torch.zeros(1, 750)).values > 0).all()  # type: ignore[attr-defined]
