"""The chosen iterate against brute force."""

import pytest
import torch

from lit_inverse.solvers.exit_window import ExitWindow

N_ITER, N_FITS = 12, 40


def _record(objectives: torch.Tensor, start: int) -> ExitWindow:
    window = ExitWindow(start)
    for i, objective in enumerate(objectives):
        window.record(i, torch.full((objectives.shape[1], 1, 2, 2), float(i)), objective)
    return window


@pytest.mark.parametrize("start", [0, 1, 7, 11])
def test_takes_the_smallest_objective_of_the_window(start: int) -> None:
    objectives = torch.rand(N_ITER, N_FITS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    window = _record(objectives, start)
    assert torch.equal(window.objective, objectives[start:].min(0).values)
    assert torch.equal(window.x[:, 0, 0, 0].long(), start + objectives[start:].argmin(0))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_fit_that_diverged_before_the_window_keeps_its_best_finite_iterate(bad: float) -> None:
    objectives = torch.rand(N_ITER, N_FITS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    broken = objectives.clone()
    broken[5:, 0] = bad  # before the window
    broken[9:, 1] = bad  # within
    broken[0:, 2] = bad  # from the start: nothing is left
    window = _record(broken, start=7)
    chosen = window.x[:, 0, 0, 0].long()
    assert chosen[0] == objectives[:5, 0].argmin()
    assert chosen[1] == 7 + objectives[7:9, 1].argmin()
    assert torch.isinf(window.objective[2])
    assert torch.equal(chosen[3:], 7 + objectives[7:, 3:].argmin(0))
