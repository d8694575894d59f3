"""The loop of methods that alternate between the data and a denoiser, a batch at a time."""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from lit_inverse.operators.krylov import column
from lit_inverse.solvers.message_passing import rms
from lit_inverse.solvers.noise_levels import NoiseLevels
from lit_inverse.solvers.plugged import Plugged
from lit_inverse.solvers.solution import Solution, Status, Trace

_BLOWN_UP = 10.0  # times ||y||, the residual of x = 0
_RUNNING, _CONVERGED, _DIVERGED = range(3)
_ENDINGS = (Status.MAX_ITER, Status.CONVERGED, Status.DIVERGED)


@dataclass
class Splitting(ABC):
    """What the items still at work carry from iteration to iteration; tensors are (B, ...)."""

    plugged: Plugged
    levels: NoiseLevels
    x: Tensor  # what is denoised, and shown by a Solution

    @abstractmethod
    def update(self, sigma: Tensor) -> None:
        """Takes the next x, by a denoiser for noise of standard deviation sigma (B,)."""

    def residual(self) -> Tensor:
        """||A x - y|| / ||y||, (B,), where y is no weaker than noise of one grey level would be."""
        y, least = self.plugged.y, self.plugged.size * self.plugged.grey_level
        return rms(y - self.plugged.operator(self.x)) / torch.maximum(rms(y), least)

    def take(self, index: Tensor) -> Self:
        """The selected items."""

        def taken(value: Any) -> Any:
            if isinstance(value, Tensor):
                return value[index]
            return value.take(index) if hasattr(value, "take") else value

        fields = {field.name: taken(getattr(self, field.name)) for field in dataclasses.fields(self)}
        return dataclasses.replace(self, **fields)


def alternate(now: Splitting, max_iter: int, tol: float, trace: Trace) -> Solution:
    """Iterates until the x of an item changes relatively by at most tol at its last noise level.

    An item has diverged when its residual ||A x - y|| exceeds 10 ||y|| or is not finite; its answer is then the x of
    least residual. Items that have ended leave the batch.
    """
    item = torch.arange(len(now.x), device=now.x.device)
    x, best, least = now.x.clone(), now.x.clone(), now.residual()
    ending, n_iter = torch.full_like(item, _RUNNING), torch.full_like(item, max_iter)
    rows, history = torch.zeros(2, len(x)).to(least), []
    trace.record(0, x)
    for k in range(1, max_iter + 1):
        old, sigma = now.x, now.levels.at(k)
        now.update(sigma)
        residual = now.residual()
        rows = rows.index_copy(1, item, torch.stack([residual, sigma]))
        history.append(rows)
        better = residual < least[item]  # False for NaN
        least[item] = torch.where(better, residual, least[item])
        best[item] = torch.where(column(better, now.x), now.x, best[item])
        bounded = residual <= _BLOWN_UP
        x[item] = torch.where(column(bounded, now.x), now.x, best[item])
        settled = (rms(now.x - old) <= tol * rms(now.x)) & now.levels.is_last(k)
        ending[item] = torch.where(bounded, torch.where(settled, _CONVERGED, _RUNNING), _DIVERGED)
        running = ending[item] == _RUNNING
        if k in trace:
            trace.record(k, x)
        if not bool(running.all()):  # seen at once: no denoiser takes what is not finite, and it costs far more
            n_iter[item[~running]] = k
            index = running.nonzero().squeeze(1)
            if len(index) == 0:
                break
            item, now = item[index], now.take(index)
    named = dict(zip(("residual", "sigma"), torch.stack(history, 1), strict=True))
    return Solution(x, [_ENDINGS[number] for number in ending.tolist()], n_iter, named, trace.stack(x))
