"""What a solver's answer never is, whatever the solver does."""

import torch

from lit_inverse.operators import Identity
from lit_inverse.solvers import Given, Solution, Solver, Status


class Failing(Solver):
    """x, iterates and samples that are not finite in the items 1, 2 and 3."""

    def _solve(self, given: Given) -> Solution:
        y = given.y
        x, iterates, samples = y.clone(), y.repeat(2, 1, 1), y.repeat(3, 1, 1)
        x[1, 0], iterates[1, 2, 0], samples[2, 3, 0] = torch.nan, torch.inf, torch.nan
        return Solution(x, [Status.CONVERGED] * len(y), torch.ones(len(y)), {}, iterates, samples)


def test_what_is_not_finite_is_flagged_wherever_it_is() -> None:
    y = torch.ones(4, 5)
    solution = Failing().solve(y, Identity((5,)))
    assert solution.status == [Status.CONVERGED, Status.DIVERGED, Status.DIVERGED, Status.DIVERGED]
    assert solution.iterates is not None
    assert solution.samples is not None
    assert all(torch.isfinite(part).all() for part in (solution.x, solution.iterates, solution.samples))
    torch.testing.assert_close(solution.x, torch.tensor([1.0, 0, 1, 1])[:, None].expand(4, 5))


def test_an_answer_carries_no_graph() -> None:
    y = torch.ones(4, 5, requires_grad=True)
    assert not Failing().solve(y, Identity((5,))).x.requires_grad
