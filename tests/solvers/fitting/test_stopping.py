"""When rules end fits and what they choose, against numpy over all iterates at once."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from fits import SHAPE, data, descent, watch_scores
from numpy.typing import NDArray
from torch import Tensor

from lit_inverse.operators import Gaussian
from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import Iterate
from lit_inverse.solvers.fitting.stopping import (
    Discrepancy,
    ExponentialMovingVariance,
    HoldOut,
    StoppingRule,
    UntilConvergence,
    WindowedMovingVariance,
)

N_ITER, N_FITS = 80, 3


def _images() -> Tensor:
    """Iterates (N_ITER, N_FITS, 6) that come to rest and move again, fit by fit at other times."""
    numbers = torch.arange(N_ITER, dtype=torch.float64)[:, None, None]
    rest = torch.tensor([30.0, 45.0, 60.0], dtype=torch.float64)[:, None]
    noise = torch.randn(N_ITER, N_FITS, 6, generator=generator(0), dtype=torch.float64)
    return 3 + (0.1 + (numbers - rest).abs() / 20) * noise


def _first_without_progress(scores: NDArray, first: int, patience: int) -> tuple[int, int]:
    """The iterate of smallest score until `patience` of them brought no smaller one, and where that is; -1: nowhere."""
    best = first
    for number in range(first, len(scores)):
        if scores[number] < scores[best]:
            best = number
        if number - best >= patience:
            return best, number
    return best, -1


@pytest.mark.parametrize(("window", "patience"), [(2, 8), (10, 15), (10, 100), (7, 5)])
def test_windowed_moving_variance(window: int, patience: int) -> None:
    images = _images()
    chosen, ended = watch_scores(WindowedMovingVariance(window, patience), torch.zeros(N_ITER, N_FITS), images)
    scores = np.full((N_ITER, N_FITS), np.inf)
    for number in range(window - 1, N_ITER):
        scores[number] = images[number - window + 1 : number + 1].numpy().var(0).sum(1)
    expected = [_first_without_progress(scores[:, fit], window - 1, patience) for fit in range(N_FITS)]
    assert ended is not None
    assert list(zip(chosen.tolist(), ended.tolist(), strict=True)) == expected


def test_the_windowed_variance_is_right_at_each_iterate() -> None:
    images = _images()
    watch = WindowedMovingVariance(10).start(descent(data(N_FITS)), N_ITER)
    for number in range(N_ITER):
        watch.see(Iterate(number, images[number], images[number], torch.zeros(N_FITS)))
        if number >= 9:
            expected = images[number - 9 : number + 1].var(0, correction=0).sum(1)
            torch.testing.assert_close(watch.squares / 10, expected)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("alpha", "patience"), [(0.3, 8), (0.5, 20), (0.2, 100)])
def test_exponential_moving_variance(alpha: float, patience: int) -> None:
    images = _images()
    chosen, ended = watch_scores(ExponentialMovingVariance(alpha, patience), torch.zeros(N_ITER, N_FITS), images)
    mean, variance, scores = images[0].numpy(), np.zeros(N_FITS), []
    for x in images.numpy():
        variance = (1 - alpha) * (variance + alpha * ((x - mean) ** 2).sum(1))
        mean = (1 - alpha) * mean + alpha * x
        scores.append(variance)
    first = int(np.ceil(10 / alpha))
    expected = [_first_without_progress(np.array(scores)[:, fit], first, patience) for fit in range(N_FITS)]
    assert ended is not None
    assert list(zip(chosen.tolist(), ended.tolist(), strict=True)) == expected


def test_convergence_ends_when_the_objective_falls_too_slowly() -> None:
    numbers = torch.arange(N_ITER, dtype=torch.float64)
    objectives = torch.stack([0.5**numbers, 1 + 0.5**numbers, torch.full_like(numbers, 2.0)], 1)
    objectives[7, 2] = 1.999  # smaller, but by less than tol: the answer, and yet no progress
    chosen, ended = watch_scores(UntilConvergence(0.01, 10), objectives, objectives[..., None])
    # 1 + 2^-k: 2^-(k+1) < 1 % of the last progress from k = 7 on
    assert ended is not None
    assert ended.tolist() == [-1, int(ended[1]), 10]
    assert chosen[0] == N_ITER - 1
    assert 10 < ended[1] < 25
    assert chosen[2] == 7
    assert UntilConvergence.status == "converged"


def test_discrepancy_takes_the_first_iterate_within_the_noise() -> None:
    operator = Gaussian(SHAPE, 10, 0).double()
    known = data(N_FITS, operator, sigma=1.1)
    at_work, again = descent(known), descent(known)
    watch = Discrepancy(tau=0.8).start(at_work, 400)
    ended = torch.full((N_FITS,), -1)
    residuals = []
    for number in range(400):
        residuals.append((operator(again.step().x) - known.y).norm(dim=1))
        done = watch.see(at_work.step()).done
        assert done is not None
        ended = torch.where(done & (ended < 0), number, ended)
    within = torch.stack(residuals) <= 0.8 * 10**0.5 * 1.1
    assert within.any(0).all()
    assert not within[0].any()
    assert torch.equal(ended, within.int().argmax(0))


def test_held_out_measurements_have_no_part_in_the_fit() -> None:
    operator = Gaussian(SHAPE, 16, 0).double()
    fits = descent(data(N_FITS, operator))
    held_out = HoldOut(0.25).held_out(fits)
    assert held_out is not None
    assert held_out.sum(1).tolist() == [4] * N_FITS
    assert not torch.equal(held_out[0], held_out[1])
    # other values there change nothing
    y = fits.data.y + 100 * held_out
    rehearsal, changed = fits.fork(used=~held_out), fits.fork(y, ~held_out)
    for _ in range(5):
        a, b = rehearsal.step(), changed.step()
    assert torch.equal(a.x, b.x)
    assert torch.equal(a.objective, b.objective)
    # and their prediction gets no gradient
    prediction = a.prediction.requires_grad_()
    (gradient,) = torch.autograd.grad(rehearsal.objective.data_term(prediction, y, ~held_out).sum(), prediction)
    assert (gradient[held_out] == 0).all()
    assert (gradient[~held_out] != 0).all()


def test_held_out_measurements_choose_the_iterate() -> None:
    fits = descent(data(N_FITS, Gaussian(SHAPE, 16, 0).double()))
    held_out = HoldOut(0.25).held_out(fits)
    assert held_out is not None
    rehearsal = fits.fork(used=~held_out)
    watch, errors, chosen = HoldOut(0.25).start(rehearsal, 300), [], torch.zeros(N_FITS, dtype=torch.int64)
    for number in range(300):
        iterate = rehearsal.step()
        errors.append(((iterate.prediction - fits.data.y).square() * held_out).sum(1))
        chosen = torch.where(watch.see(iterate).better, number, chosen)
    assert torch.equal(chosen, torch.stack(errors).argmin(0))


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_holding_out_none_or_all_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="expected at least 1 and less than m"):
        HoldOut(fraction).held_out(descent(data(1)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: WindowedMovingVariance(window=1),
        lambda: WindowedMovingVariance(patience=0),
        lambda: ExponentialMovingVariance(alpha=1.0),
        lambda: UntilConvergence(tol=1.0),
        lambda: Discrepancy(tau=0.0),
        lambda: HoldOut(fraction=1.0),
    ],
)
def test_impossible_values_are_refused(make: Callable[[], StoppingRule]) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()


def test_without_noise_the_discrepancy_never_stops_a_fit() -> None:
    watch = Discrepancy().start(descent(data(2, sigma=0.0)), 10)
    fits = descent(data(2, sigma=0.0))
    for _ in range(3):
        decision = watch.see(fits.step())
    assert decision.done is not None
    assert not decision.done.any()
    assert decision.better.all()
