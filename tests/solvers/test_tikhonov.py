"""Tikhonov regularisation against its closed form."""

import pytest
import torch

from lit_inverse.operators import Gaussian, Sign
from lit_inverse.solvers import Status, Tikhonov


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


def test_a_nonlinear_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="Sign is not linear"):
        Tikhonov().check_all(Sign(Gaussian((1, 6, 6), 20, 0)), None)
