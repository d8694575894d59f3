"""The loop that D-AMP and D-VAMP have in common: a batch whose items may diverge one by one."""

import dataclasses
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.krylov import column
from lit_inverse.solvers.divergence import ProbedDenoiser, real_parts
from lit_inverse.solvers.solution import Solution, Status, Trace

_BLOWN_UP = 10.0  # times the first sigma
_MEASURED = ("sigma", "divergence", "residual")


@dataclass
class Messages(ABC):
    """What the items still at work carry from iteration to iteration; tensors are (B, ...)."""

    operator: LinearOperator
    y: Tensor
    x: Tensor
    sigma: Tensor  # standard deviation of the noise that the denoiser finds next

    @abstractmethod
    def step(self, denoise: ProbedDenoiser) -> tuple[Tensor, Tensor]:
        """Takes the next x and sigma; returns the divergence, in the unit of the method, (B,), and y - A x."""

    def take(self, index: Tensor) -> Self:
        """The selected items."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        chosen = {name: value[index] for name, value in fields.items() if isinstance(value, Tensor)}
        return dataclasses.replace(self, operator=self.operator.take(index), **chosen)


def pass_messages(now: Messages, denoise: ProbedDenoiser, max_iter: int, trace: Trace) -> Solution:
    """Iterates; an item that diverges ends with its x of least residual.

    It has diverged when its sigma is not finite or above 10 times the first one, or when its last x is farther from the
    data than x = 0, ||A x - y|| > ||y||.
    """
    item = torch.arange(len(now.x), device=now.x.device)
    x, best, first, least = now.x.clone(), now.x.clone(), now.sigma.clone(), torch.ones_like(now.sigma)
    status, n_iter = [Status.MAX_ITER] * len(x), torch.full_like(item, max_iter)
    rows = torch.zeros(len(_MEASURED), len(x)).to(least)
    history = []
    size = rms(now.y).clamp_min(torch.finfo(least.dtype).tiny)
    trace.record(0, x)
    finite = torch.isfinite(first)
    if not bool(finite.all()):
        for ended in item[~finite].tolist():
            status[ended], n_iter[ended] = Status.DIVERGED, 0
        index = finite.nonzero().squeeze(1)
        item, now = item[index], now.take(index)
        denoise.keep(index.tolist())
    for k in range(1, max_iter + 1 if len(item) else 1):
        sigma = now.sigma
        divergence, remainder = now.step(denoise)
        residual = rms(remainder) / size[item]
        rows = rows.index_copy(1, item, torch.stack([sigma, divergence, residual]))
        history.append(rows)
        better = residual < least[item]  # False for NaN
        least[item] = torch.where(better, residual, least[item])
        best[item] = torch.where(column(better, now.x), now.x, best[item])
        running = now.sigma <= _BLOWN_UP * first[item]
        if k == max_iter:
            running = running & (residual <= 1)
        x[item] = torch.where(column(running, now.x), now.x, best[item])
        if k in trace:
            trace.record(k, x)
        if not bool(running.all()):  # seen at once: no denoiser takes what is not finite, and it costs far more
            for ended in item[~running].tolist():
                status[ended], n_iter[ended] = Status.DIVERGED, k
            index = running.nonzero().squeeze(1)
            if len(index) == 0:
                break
            item, now = item[index], now.take(index)
            denoise.keep(index.tolist())
    named = dict(zip(_MEASURED, torch.stack(history or [rows], 1), strict=True))
    return Solution(x, status, n_iter, named, trace.stack(x))


def check_images(denoiser: Denoiser, operator: Operator) -> None:
    """Refuses an operator that is not linear, or whose x is no image the denoiser takes."""
    if not isinstance(operator, LinearOperator):
        raise ValueError(f"{type(operator).__name__} is not linear, expected a LinearOperator: take another solver")
    if len(operator.in_shape) != 3:
        raise ValueError(f"x has shape {operator.in_shape}, expected images (C, H, W): take another solver")
    if denoiser.channels is not None and operator.in_shape[0] not in denoiser.channels:
        expected = " or ".join(map(str, denoiser.channels))
        name = type(denoiser).__name__
        raise ValueError(f"x has {operator.in_shape[0]} channels, {name} takes {expected}: take another denoiser")


def check_settings(damping: float, max_divergence: float | None, probe_step: float, max_iter: int) -> None:
    """Refuses impossible ones."""
    if not 0 < damping <= 1:
        raise ValueError(f"damping is {damping}, expected a weight of the new iterate in (0, 1]")
    if max_divergence is not None and not 0 < max_divergence < math.inf:
        raise ValueError(f"max_divergence is {max_divergence}, expected a finite number > 0, or null for no bound")
    if not 0 < probe_step < math.inf:
        raise ValueError(f"probe_step is {probe_step}, expected a finite number > 0")
    if max_iter < 1:
        raise ValueError(f"max_iter is {max_iter}, expected at least 1")


def rms(z: Tensor) -> Tensor:
    """Root mean square of the real numbers in z, (B,); their squares may be beyond the range of the type."""
    numbers = real_parts(z).flatten(1)
    largest = numbers.abs().amax(1).clamp_min(torch.finfo(numbers.dtype).tiny)
    return largest * (numbers / largest[:, None]).square().mean(1).sqrt()
