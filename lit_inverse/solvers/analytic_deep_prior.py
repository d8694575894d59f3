"""The analytic deep prior: Tikhonov regularisation with a learned operator."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.operators.items import column, norm
from lit_inverse.settings import at_least_1, one_of, positive
from lit_inverse.solvers.analytic.descent import descent
from lit_inverse.solvers.analytic.exact import Exact
from lit_inverse.solvers.analytic.form import Datum, Form
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status
from lit_inverse.solvers.spectral.flattened import Flattened
from lit_inverse.solvers.spectral.precise import precise

LrUnit = Literal["absolute", "relative"]
_CHECK = 10  # steps between two looks at whether all items have stopped
_MOST_ENTRIES = 1 << 24  # of A, and of the B of each item


class AnalyticDeepPrior(Solver):
    """x_hat = x(B),  x(B) = argmin 1/2 ||B x - y||^2 + alpha R(x),  by gradient descent from B = A on

        F(B) = 1/2 ||A x(B) - y||^2

    (Dittmer et al. 2020, Definition 4.1): the deep prior of a network whose output is the solution of a Tikhonov
    problem, fitted to the single y. Iterate k is x(B) after k steps: iterate 0 is Tikhonov's x(A), or what the first L
    layers of an `Unrolled` form, with B = A, make of 0. For y along a singular vector of A it tends to `SoftTSVD` (eq.
    4.17). In general B also learns to fit the noise, so that x(B) is nearer to x than x(A) only where alpha is large or
    the descent is stopped.

    Args:
        alpha: weight of the penalty R, > 0.
        form: how x(B) is computed: "Exact" for R = 1/2 ||x||^2, or "Unrolled" layers for other R too.
        lr: step size, 0.05 in the paper, whose loss (eq. 1.1) has no 1/2: the same steps as with 0.1 here.
        lr_unit: "absolute", as in the paper; "relative": lr ||A||^2 / ||y||^2 is the step size, so that the descent is
            the same whatever the units of x and y.
        max_iter: number of steps, at most.
        tau: an item stops, STOPPED_EARLY, at the first iterate with ||A x - y|| <= tau sqrt(m) sigma (the discrepancy
            principle; sigma is told to `solve`); null for all steps.

    The history's "loss" is F. DIVERGED is an item whose F has become larger than that of iterate 0, or not finite: the
    answer is then the iterate of smallest F. Computed in double precision, but on devices that have none. Memory is
    that of a few matrices A for each item.

    Raises:
        ValueError: when a setting is impossible, or A is not linear or too large to be formed as a matrix.
    """

    version = 2
    stable = True

    # the form is a setting, which nothing changes: the default may be shared
    def __init__(
        self,
        alpha: float = 1e-3,
        form: Form = Exact(),  # noqa: B008
        lr: float = 0.05,
        lr_unit: LrUnit = "absolute",
        max_iter: int = 1500,
        tau: float | None = None,
    ) -> None:
        positive(alpha=alpha, lr=lr, tau=tau)
        at_least_1(max_iter=max_iter)
        one_of(LrUnit, lr_unit=lr_unit)
        self.alpha, self.form, self.lr = alpha, form, lr
        self.lr_unit: LrUnit = lr_unit
        self.max_iter, self.tau = max_iter, tau

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)
        if operator.m * operator.n > _MOST_ENTRIES:
            raise ValueError(f"A has {operator.m} x {operator.n} entries, expected at most {_MOST_ENTRIES} in all")

    def preferred_batch(self, device: torch.device) -> int:
        return 8 if device.type == "cpu" else super().preferred_batch(device)

    def _solve(self, given: Given) -> Solution:
        with torch.inference_mode(False):
            y = given.y.clone()
            space = Flattened(require_linear(given.operator), y)
            a = precise(space.matrix().clone()).view(-1, space.rows, space.n)
            a = a.repeat_interleave(space.repeats, 0) if space.repeats > 1 else a
            datum = Datum(a, precise(space.measurements(y)), self.alpha, given.operator.in_shape)
            return self._descend(given, datum)

    def _descend(self, given: Given, datum: Datum) -> Solution:
        goal = (self.tau or 0) ** 2 / 2 * given.operator.m * given.sigma.square()
        start = datum.a.expand(len(datum.y), -1, -1)
        losses = []
        for k, point in enumerate(descent(self.form.start(datum), start, self._step(datum), goal)):
            losses.append(point.loss)
            given.trace.record(k, _signal(point.x, given))
            if k == self.max_iter or (self.tau and k % _CHECK == 0 and not bool(point.going.any())):
                break
        failed = ~(losses[-1] <= losses[0])  # true for NaN too
        x = _signal(torch.where(column(failed, point.x), point.best, point.x), given)
        ends = [Status.MAX_ITER if one else Status.STOPPED_EARLY for one in point.going.tolist()]
        status = [Status.DIVERGED if bad else end for bad, end in zip(failed.tolist(), ends, strict=True)]
        history = {"loss": torch.stack(losses).to(given.sigma.dtype)}
        return Solution(x, status, point.n_iter, history, given.trace.stack(x))

    def _step(self, datum: Datum) -> Tensor:
        """Step sizes (B,)."""
        size = norm(datum.y).square()
        if self.lr_unit == "absolute":
            return torch.full_like(size, self.lr)
        scale = torch.linalg.matrix_norm(datum.a, ord=2).square()
        return torch.where(size > 0, self.lr * scale / size, 0)


def _signal(x: Tensor, given: Given) -> Tensor:
    """(B, n) as (B, *in_shape), in the precision of y."""
    real = given.y.real.dtype
    return x.view(-1, *given.operator.in_shape).to(real.to_complex() if x.is_complex() else real)
