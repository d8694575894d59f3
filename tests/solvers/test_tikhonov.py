"""Tikhonov regularisation against its closed form."""

import pytest
import torch

from lit_inverse.operators import Gaussian, Matrix, Sign
from lit_inverse.solvers import Status, Tikhonov
from lit_inverse.solvers.spectral import GCV


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("alpha", [1e-3, 1.0])
def test_the_closed_form_is_reached(alpha: float) -> None:
    operator = Gaussian((1, 6, 6), 20, [0, 1]).double()
    y = draw(2, 20)
    a = operator.matrix
    expected = torch.linalg.solve(a.mT @ a + alpha * torch.eye(36, dtype=torch.float64), (a.mT @ y[..., None]))[..., 0]
    solution = Tikhonov(alpha).solve(y, operator)
    torch.testing.assert_close(solution.x.flatten(1), expected, rtol=1e-8, atol=1e-10)
    assert solution.status == [Status.CONVERGED] * 2
    assert int(solution.n_iter.max()) <= 30  # some more than the 20 singular values of A, for rounding


def test_few_steps_are_told_as_such() -> None:
    solution = Tikhonov(1e-3, max_iter=3).solve(draw(2, 20), Gaussian((1, 6, 6), 20, 0).double(), trace=[0, 3])
    assert solution.status == [Status.MAX_ITER] * 2
    assert solution.iterates is not None
    assert not solution.iterates[0].any()
    assert torch.equal(solution.iterates[1], solution.x)


def test_nothing_comes_of_nothing() -> None:
    solution = Tikhonov().solve(torch.zeros(1, 20), Gaussian((1, 6, 6), 20, 0))
    assert not solution.x.any()
    assert solution.status == [Status.CONVERGED]


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e-6, 1.0, 1e6, 1e12])
def test_single_precision_does_not_depend_on_the_unit_of_y(scale: float) -> None:
    u, v = (torch.linalg.qr(draw(n, 40)).Q for n in (60, 40))
    operator = Matrix(((u * torch.logspace(0, -2, 40)) @ v.mT * scale).float())
    x, eta = draw(2, 40, dtype=torch.float32), draw(2, 60, dtype=torch.float32)
    solution = Tikhonov(GCV()).solve(operator(x) + 0.01 * scale * eta, operator)
    assert solution.status[0] != Status.DIVERGED
    assert (solution.x - x).norm() < 0.6 * x.norm()


@pytest.mark.parametrize("scale", [1.0, 1e19])  # of y: A^H y, or already what it is divided by, is infinite
def test_what_overflows_is_told(scale: float) -> None:
    solution = Tikhonov(1e-3).solve(scale * torch.ones(1, 20), Matrix(1e25 * draw(20, 30, dtype=torch.float32)))
    assert solution.status == [Status.DIVERGED]
    assert not solution.x.any()


def test_a_nonlinear_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="Sign is not linear"):
        Tikhonov().check_all(Sign(Gaussian((1, 6, 6), 20, 0)), None)
