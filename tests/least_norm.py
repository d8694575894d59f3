"""A solver that takes no time, for tests of everything around solvers."""

import time

import torch
from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.solvers import Given, Solution, Solver, Status


class LeastNorm(Solver):
    """scale times the solution of A x = y of least norm, plus noise of std `jitter` from the item's seed.

    Sleeps for `seconds`, fails on the seed `fails_on`, and for want of memory on batches above `largest_batch`.
    """

    stable = True

    def __init__(
        self,
        scale: float = 1.0,
        jitter: float = 0.0,
        fails_on: int | None = None,
        largest_batch: int | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.scale, self.jitter, self.seconds = scale, jitter, seconds
        self.fails_on, self.largest_batch = fails_on, largest_batch

    def _solve(self, given: Given) -> Solution:
        y, operator, seeds = given.y, given.operator, given.seeds
        if self.largest_batch is not None and len(y) > self.largest_batch:
            raise torch.OutOfMemoryError("not enough memory for so many")
        if self.fails_on in seeds:
            raise RuntimeError("told to fail")
        time.sleep(self.seconds)
        x = [self._one(y[i], operator.take([i]), seed) for i, seed in enumerate(seeds)]
        n_iter = torch.ones(len(y), dtype=torch.long)
        return Solution(torch.stack(x), [Status.CONVERGED] * len(y), n_iter)

    def _one(self, y: Tensor, operator: Operator, seed: int) -> Tensor:
        matrix = next(operator.buffers())
        x = self.scale * torch.linalg.pinv(matrix.squeeze(0)) @ y
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
        return (x + self.jitter * noise.to(x)).view(operator.in_shape)
