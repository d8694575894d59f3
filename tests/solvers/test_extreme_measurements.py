"""Methods with a denoiser on y that is 0, huge or of half precision, and on A = 0."""

import pytest
import torch

from lit_inverse.denoisers import TV
from lit_inverse.operators import Gaussian, Matrix
from lit_inverse.solvers import DAMP, DVAMP, RED, TVAL3, PlugAndPlay, PowerLaw, Solver, Status

SHAPE = (1, 8, 8)
METHODS = {
    "damp": DAMP(TV(), max_iter=4),
    "dvamp": DVAMP(TV(), max_iter=4),
    "pnp": PlugAndPlay(TV(), initial=PowerLaw(), max_iter=4),
    "red": RED(TV(), initial=PowerLaw(), max_iter=4),
}
each = pytest.mark.parametrize("solver", METHODS.values(), ids=METHODS)


@each
def test_black_images_are_found_and_have_not_diverged(solver: Solver) -> None:
    operator = Gaussian(SHAPE, 20, 0)
    solution = solver.solve(torch.zeros(1, 20), operator, value_range=(0.0, 1.0))
    assert solution.status != [Status.DIVERGED]
    assert solution.x.abs().max() < 0.03


@each
def test_an_item_beyond_the_range_of_squares_leaves_the_others_alone(solver: Solver) -> None:
    operator = Gaussian(SHAPE, 20, 0)
    y = operator(torch.rand(2, *SHAPE, generator=torch.Generator().manual_seed(0)))
    y[1] *= 1e20
    both = solver.solve(y, operator, value_range=(0.0, 1.0), seeds=[0, 1])
    alone = solver.solve(y[:1], operator, value_range=(0.0, 1.0), seeds=[0])
    assert torch.isfinite(both.x).all()
    torch.testing.assert_close(both.x[:1], alone.x, rtol=0, atol=1e-3)


@each
@pytest.mark.parametrize("items", [[0], [0, 1]])
def test_a_batch_beyond_the_range_of_squares_comes_back_finite(solver: Solver, items: list[int]) -> None:
    operator = Gaussian(SHAPE, 20, items)
    y = 1e20 * operator(torch.rand(len(items), *SHAPE, generator=torch.Generator().manual_seed(0)))
    assert torch.isfinite(solver.solve(y, operator, value_range=(0.0, 1.0), seeds=items).x).all()


@each
def test_an_operator_that_is_0_is_refused(solver: Solver) -> None:
    with pytest.raises(ValueError, match="A is 0"):
        solver.solve(torch.zeros(1, 5), Matrix(torch.zeros(5, 64), SHAPE), value_range=(0.0, 1.0))


@pytest.mark.parametrize("name", ["dvamp", "pnp", "red"])
def test_half_precision_goes_through_the_data_step(name: str) -> None:
    operator = Gaussian(SHAPE, 20, 0).to(torch.bfloat16)
    y = operator(torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(0)).bfloat16())
    solution = METHODS[name].solve(y, operator, value_range=(0.0, 1.0))
    assert solution.x.dtype == torch.bfloat16
    assert torch.isfinite(solution.x).all()


def test_a_box_without_a_range_is_refused_before_a_sweep() -> None:
    with pytest.raises(ValueError, match="value_range is None"):
        TVAL3(constraint="box").check_all(Gaussian(SHAPE, 20, 0), None)
