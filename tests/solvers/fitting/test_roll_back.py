"""Fits that break are taken back, and no others."""

from collections.abc import Callable

import pytest
import torch
from fits import SHAPE, data, descent
from torch import Tensor

from lit_inverse.operators import Gaussian
from lit_inverse.solvers import DeepPrior, Status
from lit_inverse.solvers.fitting import Adam, Descent, Fitting, Known, Objective, RollBack, SquaredError
from lit_inverse.solvers.fitting.outputs import RawOutput
from lit_inverse.solvers.fitting.stopping import ExitWindow
from lit_inverse.solvers.solution import Trace


class _BreaksOnce(SquaredError):
    """The gradient of one fit is NaN in one evaluation; its objective is then multiplied by `factor`."""

    def __init__(self, at: int, fit: int, factor: float) -> None:
        super().__init__()
        self.calls, self.at, self.fit, self.factor = 0, at, fit, factor

    def __call__(self, prediction: Tensor, y: Tensor, used: Tensor | None = None) -> Tensor:
        distances = super().__call__(prediction, y, used)
        factors = torch.ones_like(distances)
        if self.calls == self.at:
            factors[self.fit] = self.factor
        self.calls += 1
        return distances * factors


def _fits(n_fits: int, factor: float, at: int = 13) -> Descent:
    operator = Gaussian(SHAPE, 8, 0).double()
    objective = Objective(_BreaksOnce(at, n_fits - 1, factor), None)
    return descent(data(n_fits, operator), objective=objective, optimizer=Adam(), lr=0.01)


def _run(fits: Descent, roll_back: RollBack | None, max_iter: int = 60) -> Fitting:
    return Fitting(fits, ExitWindow().start(fits, max_iter), RawOutput(), roll_back, max_iter, Trace(()))


@pytest.mark.parametrize("n_fits", [1, 3])
def test_a_fit_goes_on_after_a_nan_and_the_others_do_not_notice(n_fits: int) -> None:
    broken = _run(_fits(n_fits, torch.nan), RollBack(every=5)).finish()
    intact = _run(_fits(n_fits, 1.0), RollBack(every=5)).finish()
    lost = _run(_fits(n_fits, torch.nan), None).finish()
    assert torch.equal(broken.loss[:, :-1], intact.loss[:, :-1])
    assert torch.isnan(broken.loss[13:16, -1]).all()
    assert torch.isfinite(broken.loss[16:, -1]).all()
    assert broken.loss[-1, -1] < 0.8 * broken.loss[10, -1]
    assert torch.isfinite(broken.x).all()
    assert torch.isnan(lost.loss[14:, -1]).all()
    # what is taken back are the weights of iterate 10
    assert broken.loss[16, -1] == broken.loss[10, -1]


def test_a_jump_of_the_objective_is_taken_back() -> None:
    fits = _fits(1, 20.0, at=15)
    found = _run(fits, RollBack(factor=3.0, every=5)).finish()
    assert found.loss[16, 0] == found.loss[10, 0]
    assert fits.rate is not None
    assert fits.rate.tolist() == [0.5]
    tolerated = _run(_fits(1, 20.0, at=15), RollBack(factor=50.0, every=5)).finish()
    assert tolerated.loss[16, 0] != tolerated.loss[10, 0]


def test_later_updates_are_shrunk() -> None:
    halved, whole = _fits(2, 1.0), _fits(2, 1.0)
    halved.rate = torch.tensor([0.5, 1.0], dtype=torch.float64)
    before = [parameter.detach().clone() for parameter in whole.networks.parameters]
    halved.step()
    whole.step()
    for a, b, start in zip(halved.networks.parameters, whole.networks.parameters, before, strict=True):
        torch.testing.assert_close(a[0] - start[0], (b[0] - start[0]) / 2)
        torch.testing.assert_close(a[1], b[1])


def test_a_fit_that_was_saved_is_not_diverged() -> None:
    known: Known = data(1, Gaussian((1, 28, 28), 30, 0).double())
    options = {"max_iter": 45, "data_term": _BreaksOnce(22, 0, torch.nan)}
    saved = DeepPrior(roll_back=RollBack(), **options).solve(known.y, known.operator)
    lost = DeepPrior(**{**options, "data_term": _BreaksOnce(22, 0, torch.nan)}).solve(known.y, known.operator)
    assert saved.status == [Status.MAX_ITER]
    assert lost.status == [Status.DIVERGED]
    assert torch.isfinite(saved.history["loss"][-1]).all()


@pytest.mark.parametrize(
    "make", [lambda: RollBack(factor=1.0), lambda: RollBack(shrink=0.0), lambda: RollBack(every=0)]
)
def test_impossible_values_are_refused(make: Callable[[], RollBack]) -> None:
    with pytest.raises(ValueError, match="expected factor > 1"):
        make()
