"""Fits that end at different times, together and one by one."""

from typing import Any

import pytest
import torch
from fits import SHAPE, Small

from lit_inverse.operators import Gaussian, Identity, Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers import DeepPrior, Solution, Status
from lit_inverse.solvers.fitting import (
    SGD,
    AbsoluteError,
    Adam,
    ExponentialAverage,
    IsotropicTV,
    JitteredInput,
    RMSprop,
    RollBack,
    Sum,
    WeightDecay,
    run,
)
from lit_inverse.solvers.fitting.stopping import (
    SURE,
    Discrepancy,
    ExitWindow,
    ExponentialMovingVariance,
    HoldOut,
    UntilConvergence,
    WindowedMovingVariance,
)

STOPPING: dict[str, dict[str, Any]] = {
    "wmv": {"stopping": WindowedMovingVariance(5, 3)},
    "emv": {"stopping": ExponentialMovingVariance(0.5, 3), "optimizer": SGD(0.9), "lr": 0.02},
    "discrepancy": {"stopping": Discrepancy(0.8)},
    "convergence": {"stopping": UntilConvergence(0.4, 5)},
    "hold-out": {"stopping": HoldOut(0.25, 4)},
    "sure": {"stopping": SURE(0.3, 4), "optimizer": RMSprop()},
    "averages": {"stopping": WindowedMovingVariance(5, 3), "output": ExponentialAverage(0.8)},
    "jitter": {"stopping": WindowedMovingVariance(5, 3), "input": JitteredInput(0.1)},
    "jitter and sure": {"stopping": SURE(0.3, 4), "input": JitteredInput(0.1)},
    "other terms": {
        "stopping": Discrepancy(0.8),
        "data_term": AbsoluteError(),
        "regularizer": Sum([IsotropicTV(), WeightDecay(1e-3)]),
        "roll_back": RollBack(every=4, factor=1.05),
    },
}


def _solve(max_parallel: int, shared: bool, max_iter: int = 30, **options: Any) -> Solution:
    operator = Gaussian(SHAPE, 12, 1 if shared else [1, 2, 3]).double()
    source = generator(4)
    y = torch.randn(3, 12, generator=source, dtype=torch.float64) * torch.tensor([[0.6], [1.0], [2.0]])
    settings = {"lr": 0.03, "optimizer": Adam(), "regularizer": None, **options}
    solver = DeepPrior(Small, max_iter=max_iter, n_restarts=2, max_parallel=max_parallel, **settings)
    return solver.solve(y, operator, sigma=0.4, seeds=[1, 2, 3], trace=[0, 8, 29])


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", STOPPING)
def test_fits_that_end_at_different_times_are_those_advanced_one_by_one(
    name: str, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LOOK_EVERY", 3)
    one_by_one = _solve(1, shared, **STOPPING[name])
    for max_parallel in (4, 6):
        together = _solve(max_parallel, shared, **STOPPING[name])
        assert together.status == one_by_one.status
        assert together.n_iter.tolist() == one_by_one.n_iter.tolist()
        torch.testing.assert_close(together.x, one_by_one.x, rtol=0, atol=1e-8)
        torch.testing.assert_close(together.iterates, one_by_one.iterates, rtol=0, atol=1e-8)
        n_rows = min(len(together.history["loss"]), len(one_by_one.history["loss"]))
        for rows in (slice(n_rows), slice(-1, None)):
            losses = together.history["loss"][rows], one_by_one.history["loss"][rows]
            torch.testing.assert_close(*losses, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", STOPPING)
def test_some_of_these_fits_end_early_at_different_times(name: str) -> None:
    solution = _solve(6, shared=False, **STOPPING[name])
    assert any(status in (Status.STOPPED_EARLY, Status.CONVERGED) for status in solution.status)
    assert len(set(solution.n_iter.tolist())) > 1


@pytest.mark.parametrize("name", ["wmv", "sure", "averages", "jitter"])
def test_answers_do_not_depend_on_how_often_one_looks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seldom = _solve(1, shared=False, **STOPPING[name])
    monkeypatch.setattr(run, "LOOK_EVERY", 1)
    often = _solve(1, shared=False, **STOPPING[name])
    assert torch.equal(seldom.x, often.x)
    assert torch.equal(seldom.n_iter, often.n_iter)
    assert torch.equal(seldom.iterates, often.iterates)  # type: ignore[arg-type]


def test_the_second_fit_after_a_hold_out_ends_with_the_iterate_the_first_one_chose() -> None:
    y = torch.randn(1, 12, generator=generator(4), dtype=torch.float64)
    operator: Operator = Gaussian(SHAPE, 12, 1).double()
    options: dict[str, Any] = {"network": Small, "optimizer": Adam(), "lr": 0.03, "max_iter": 60}
    held = DeepPrior(stopping=HoldOut(0.25, 10), **options).solve(y, operator)
    whole = DeepPrior(stopping=ExitWindow(1), **options).solve(y, operator, trace=range(60))
    assert whole.iterates is not None
    distances = (whole.iterates[:, 0] - held.x[0]).flatten(1).norm(dim=1)
    chosen = int(distances.argmin())
    assert distances[chosen] == 0
    # the first fit goes on for another 10 iterates, unless it ends before
    assert held.n_iter.item() == 2 * chosen + 10 if held.status[0] == Status.STOPPED_EARLY else 60 + chosen


def test_sigma_arrives_in_the_units_of_the_network() -> None:
    """Data in (0, 2) is brought to (-1, 1) by a shift alone, in (0, 1) by a factor 2, and sigma with it."""
    y = torch.rand(1, *SHAPE, generator=generator(4), dtype=torch.float64) - 0.5
    options: dict[str, Any] = {"network": Small, "optimizer": Adam(), "lr": 0.03, "stopping": Discrepancy()}
    native = DeepPrior(**options).solve(y, Identity(SHAPE), sigma=0.2, value_range=(-1, 1))
    halved = DeepPrior(**options).solve((y + 1) / 2, Identity(SHAPE), sigma=0.1, value_range=(0, 1))
    assert native.status == [Status.STOPPED_EARLY]
    assert torch.equal(native.n_iter, halved.n_iter)
    torch.testing.assert_close(halved.x, (native.x + 1) / 2)
