"""The loop of all methods with a denoiser: a batch whose items end one by one."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.solvers.batch import Batch
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.with_denoiser.plugged import Plugged

RUNNING, CONVERGED, DIVERGED = range(3)
_STATUS = (Status.MAX_ITER, Status.CONVERGED, Status.DIVERGED)


@dataclass
class Iterates(Batch, ABC):
    """What the items still at work carry from iteration to iteration; tensors are (B, ...)."""

    plugged: Plugged
    x: Tensor  # what a Solution shows

    @abstractmethod
    def step(self, k: int) -> dict[str, Tensor]:
        """Takes the next x, k = 1, 2, ...; returns what the history tells of it, (B,) each, with "residual"."""

    @abstractmethod
    def ending(self, k: int, old: Tensor, residual: Tensor) -> Tensor:
        """RUNNING, CONVERGED or DIVERGED, (B,), after iteration k, which began at the x `old`; k = 0 is the start."""


def iterate(now: Iterates, max_iter: int, trace: Trace) -> Solution:
    """Iterates; items that have ended leave the batch, and one that has diverged ends with its x of least residual."""
    item = torch.arange(len(now.x), device=now.x.device)
    x, best, least = now.x.clone(), now.x.clone(), now.plugged.residual(now.plugged.remainder(now.x))
    ending, n_iter = torch.full_like(item, RUNNING), torch.full_like(item, max_iter)
    residual, zeros = least.clone(), torch.zeros_like(least)
    rows: dict[str, Tensor] = {}
    history = []
    for k in range(max_iter + 1):
        old = now.x
        if k > 0:
            measured = now.step(k)
            residual = measured["residual"]
            rows = {name: rows.get(name, zeros).index_copy(0, item, row) for name, row in measured.items()}
            history.append(rows)
            better = residual < least[item]  # False for NaN
            least[item] = torch.where(better, residual, least[item])
            best[item] = torch.where(column(better, now.x), now.x, best[item])
        ending[item] = now.ending(k, old, residual)
        x[item] = torch.where(column(ending[item] == DIVERGED, now.x), best[item], now.x)
        trace.record(k, x)
        running = ending[item] == RUNNING
        if not bool(running.all()):  # seen at once: no denoiser takes what is not finite, and it costs far more
            n_iter[item[~running]] = k
            index = running.nonzero().squeeze(1)
            if len(index) == 0:
                break
            item, now = item[index], now.take(index)
    named = {name: torch.stack([past[name] for past in history]) for name in rows}
    return Solution(x, [_STATUS[number] for number in ending.tolist()], n_iter, named, trace.stack(x))
