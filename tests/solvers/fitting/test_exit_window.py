"""The chosen iterate against brute force."""

import pytest
import torch
from fits import watch_scores

from lit_inverse.solvers.fitting.stopping import ExitWindow

N_ITER, N_FITS = 12, 40


@pytest.mark.parametrize("length", [1, 5, 11, 12, 100])
def test_takes_the_smallest_objective_of_the_window(length: int) -> None:
    objectives = torch.rand(N_ITER, N_FITS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    chosen, done = watch_scores(ExitWindow(length), objectives, objectives[..., None])
    start = max(0, N_ITER - length)
    assert torch.equal(chosen, start + objectives[start:].argmin(0))
    assert done is None


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_fit_that_diverged_before_the_window_keeps_its_best_finite_iterate(bad: float) -> None:
    objectives = torch.rand(N_ITER, N_FITS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    broken = objectives.clone()
    broken[5:, 0] = bad  # before the window
    broken[9:, 1] = bad  # within
    chosen, _ = watch_scores(ExitWindow(5), broken, broken[..., None])
    assert chosen[0] == objectives[:5, 0].argmin()
    assert chosen[1] == 7 + objectives[7:9, 1].argmin()
    assert torch.equal(chosen[2:], 7 + objectives[7:, 2:].argmin(0))
