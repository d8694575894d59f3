"""What a solver returns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import torch
from torch import Tensor


class Status(StrEnum):
    """How the computation of one item ended."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    STOPPED_EARLY = "stopped_early"
    DIVERGED = "diverged"


@dataclass(frozen=True)
class Solution:
    """The reconstructions of a batch.

    Attributes:
        x: (B, *in_shape), finite.
        status: one per item.
        n_iter: (B,), integer, on the device of y.
        history: name -> (iterations, B), in the units of the solver's own value range.
        iterates: (len(trace), B, *in_shape), the iterates asked for by number; the last one for items that stopped.
        samples: (S, B, *in_shape), from solvers that sample a posterior.
    """

    x: Tensor
    status: list[Status]
    n_iter: Tensor
    history: dict[str, Tensor] = field(default_factory=dict)
    iterates: Tensor | None = None
    samples: Tensor | None = None


class Trace:
    """Collects the iterates asked for by number; iterate 0 is the start, iterate k the result of k updates."""

    def __init__(self, numbers: Sequence[int]) -> None:
        if any(number < 0 for number in numbers):
            raise ValueError(f"trace is {tuple(numbers)}, expected iteration numbers >= 0")
        self.numbers = tuple(numbers)
        self._kept: dict[int, Tensor] = {}

    def __contains__(self, number: int) -> bool:
        return number in self.numbers

    def record(self, number: int, x: Tensor) -> None:
        """Keeps a copy of x (B, *in_shape) if iterate `number` was asked for."""
        if number in self.numbers:
            self._kept[number] = x.detach().clone()

    def stack(self, last: Tensor) -> Tensor | None:
        """(len(numbers), B, *in_shape), with `last` for numbers that were not reached; None if none was asked for."""
        if not self.numbers:
            return None
        return torch.stack([self._kept.get(number, last) for number in self.numbers])
