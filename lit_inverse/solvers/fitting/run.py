"""Fits from their first iterate to their answers."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.outputs import Output
from lit_inverse.solvers.fitting.per_fit import PerFit
from lit_inverse.solvers.fitting.roll_back import RollBack
from lit_inverse.solvers.fitting.stopping.base import Decision, Watch
from lit_inverse.solvers.solution import Trace

LOOK_EVERY = 20  # iterations between questions to the device which fits have ended


@dataclass(frozen=True)
class Fits:
    """F fits.

    Attributes:
        x: (F, *in_shape), the answers.
        objective: (F,), of their iterates.
        number: (F,), of these iterates.
        n_iter: (F,), updates up to the end.
        stopped: bool (F,), ended before max_iter.
        loss: (iterations, F), the objectives; of a fit that ended, the last one.
        iterates: (len(trace), F, *in_shape).
    """

    x: Tensor
    objective: Tensor
    number: Tensor
    n_iter: Tensor
    stopped: Tensor
    loss: Tensor
    iterates: Tensor | None


class Answers(PerFit):
    """The answers so far of the fits that are advanced; those of fits that have ended do not change any more."""

    def __init__(self, first: Iterate, max_iter: int) -> None:
        self.x, self.objective = torch.zeros_like(first.x), torch.full_like(first.objective, torch.inf)
        self.number = torch.zeros_like(first.objective, dtype=torch.int64)
        self.n_iter = torch.full_like(self.number, max_iter)
        self.stopped = torch.zeros_like(self.number, dtype=torch.bool)

    def update(self, iterate: Iterate, image: Tensor, decision: Decision) -> None:
        """Takes an iterate and the image that stands for it."""
        better = decision.better
        if decision.done is not None:
            better = better & ~self.stopped
            self.n_iter = torch.where(decision.done & ~self.stopped, iterate.number, self.n_iter)
        self.x = torch.where(column(better, image), image, self.x)
        self.objective = torch.where(better, iterate.objective, self.objective)
        self.number = torch.where(better, iterate.number, self.number)
        if decision.done is not None:
            self.stopped = self.stopped | decision.done

    def put(self, index: Tensor, others: "Answers") -> None:
        """Replaces the answers of the fits of these numbers."""
        for name, values in vars(others).items():
            setattr(self, name, getattr(self, name).index_copy(0, index, values))


class Fitting:
    """Advances the fits of a descent to their ends; those that have ended are left out from the next look on.

    Args:
        descent: that has not begun.
        watch: the rule that ends fits and chooses their answers.
        output: the law of the images returned.
        roll_back: what is done about divergence; None for nothing.
        max_iter: iterates of each fit at most.
        trace: of all fits.
    """

    def __init__(
        self, descent: Descent, watch: Watch, output: Output, roll_back: RollBack | None, max_iter: int, trace: Trace
    ) -> None:
        self.descent, self.watch, self.smoother = descent, watch, output.start()
        self.safeguard = None if roll_back is None else roll_back.start()
        self.max_iter, self.trace = max_iter, trace
        self.alive = torch.arange(len(descent.data.y), device=descent.data.y.device)
        self.all: Answers | None = None  # of all fits, when some have been left out
        self.losses: list[Tensor] = []

    def finish(self) -> Fits:
        """From the first iterate on."""
        for number in range(self.max_iter):
            iterate = self._step(number)
            decision = self.watch.see(iterate)
            if number == 0:
                self.answers = Answers(iterate, self.max_iter)
            running = ~self.answers.stopped
            self.answers.update(iterate, self.smoother(iterate), decision)
            self._record(iterate, None if decision.done is None else running)
            looks = decision.done is not None and (number + 1) % LOOK_EVERY == 0
            if looks and not self._leave_out_ended():
                break
        answers = self._merged()
        fields = {name: getattr(answers, name) for name in ("x", "objective", "number", "n_iter", "stopped")}
        return Fits(**fields, loss=torch.stack(self.losses), iterates=self.trace.stack(answers.x))

    def _step(self, number: int) -> Iterate:
        if self.safeguard is None:
            return self.descent.step()
        self.safeguard.before(number, self.descent)
        iterate = self.descent.step()
        self.safeguard.after(number, self.descent, iterate.objective)
        return iterate

    def _record(self, iterate: Iterate, running: Tensor | None) -> None:
        """Keeps objectives and iterates asked for, of all fits: of those that have ended, the last and the answer."""
        number, x, loss = iterate.number, iterate.x, iterate.objective
        if running is not None and self.losses:
            loss = torch.where(running, loss, self.losses[-1][self.alive])
        if self.all is not None:
            loss = self.losses[-1].index_copy(0, self.alive, loss)
        self.losses.append(loss)
        if number in self.trace:
            x = x if running is None else torch.where(column(running, x), x, self.answers.x)
            self.trace.record(number, x if self.all is None else self.all.x.index_copy(0, self.alive, x))

    def _leave_out_ended(self) -> bool:
        """Whether any fit goes on."""
        going_on = (~self.answers.stopped).nonzero().flatten()
        if 0 < len(going_on) < len(self.alive):
            self.all = self._merged()
            for state in (self.descent, self.watch, self.smoother, self.answers, self.safeguard):
                if state is not None:
                    state.select(going_on)
            self.alive = self.alive[going_on]
        return len(going_on) > 0

    def _merged(self) -> Answers:
        """The answers of all fits."""
        if self.all is not None:
            self.all.put(self.alive, self.answers)
            return self.all
        return copy.copy(self.answers)  # whose tensors are replaced, never written to
