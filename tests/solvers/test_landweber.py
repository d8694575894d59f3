"""The Landweber iteration against its filter."""

import pytest
import torch

from lit_inverse.operators import Integration
from lit_inverse.solvers import Landweber, Status

DOUBLE = torch.float64
A = Integration(50).double()


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))


def test_iterates_are_those_of_the_filter() -> None:
    y = draw(2, 50)
    u, sigma, v = A.singular_system(torch.zeros(0, dtype=DOUBLE))
    solution = Landweber(max_iter=40).solve(y, A, trace=[0, 1, 7, 40])
    assert solution.iterates is not None
    for k, x in zip([0, 1, 7, 40], solution.iterates, strict=True):
        gains = (1 - (1 - (sigma / A.norm()).square()) ** k) / sigma
        torch.testing.assert_close(x, (gains * (y @ u)) @ v.mT, rtol=1e-10, atol=1e-12)
    assert torch.equal(solution.iterates[3], solution.x)
    assert solution.status == [Status.MAX_ITER] * 2
    assert solution.n_iter.tolist() == [40, 40]
    residuals = solution.history["residual"]
    assert residuals.shape == (41, 2)
    assert (residuals.diff(dim=0) <= 0).all()
    torch.testing.assert_close(residuals[-1], (A(solution.x) - y).norm(dim=1))


def test_each_item_stops_where_its_residual_is_that_of_the_noise() -> None:
    y, sigma = A(draw(2, 50)) + 0.03 * draw(2, 50), torch.tensor([0.03, 0.06], dtype=DOUBLE)
    solution = Landweber(max_iter=1000, tau=1.5).solve(y, A, sigma=sigma)
    every = Landweber(max_iter=1000).solve(y, A).history["residual"]
    first = (every <= 1.5 * 50**0.5 * sigma).int().argmax(0)
    assert solution.status == [Status.STOPPED_EARLY] * 2
    assert solution.n_iter.tolist() == first.tolist()
    assert first[0] > first[1] > 0
    torch.testing.assert_close((A(solution.x) - y).norm(dim=1), every.gather(0, first[None])[0])


def test_without_noise_all_steps_are_made() -> None:
    assert Landweber(max_iter=15, tau=1.0).solve(draw(1, 50), A).n_iter.tolist() == [15]


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="tau is 0"):
        Landweber(tau=0.0)
    with pytest.raises(ValueError, match="max_iter is 0"):
        Landweber(max_iter=0)
