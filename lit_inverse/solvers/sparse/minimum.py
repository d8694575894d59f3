"""The record of an iteration over a batch whose items stop one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.sparse.lasso_objective import Gap

OnIterate = Callable[[int, Tensor], None]  # number of the iterate, z (B, n)


@dataclass
class Minimum:
    """Minimisers of a batch, filled in as the items stop.

    Attributes:
        z: (B, n).
        n_iter: (B,), the steps of each item.
        converged: (B,), whether its gap was reached.
        gaps: relative gaps of all items, (B,) per check; an item that has stopped keeps its last one.
        checked_at: the number of the iterate of each check.
    """

    z: Tensor
    n_iter: Tensor
    converged: Tensor
    gaps: list[Tensor] = field(default_factory=list)
    checked_at: list[int] = field(default_factory=list)

    @classmethod
    def begin(cls, z: Tensor) -> "Minimum":
        n_iter = torch.zeros(len(z), dtype=torch.long, device=z.device)
        return cls(z.clone(), n_iter, n_iter.bool())

    @property
    def n_steps(self) -> int:
        """Steps of the whole batch."""
        return self.checked_at[-1]

    def to(self, precision: torch.dtype, tolerance: float) -> "Minimum":
        """In a higher precision, for which an item that stopped at its rounding error has not converged."""
        gaps = [gap.to(precision) for gap in self.gaps]
        return Minimum(self.z.to(precision), self.n_iter, gaps[-1] <= tolerance, gaps, self.checked_at)

    def store(self, k: int, last: bool, item: Tensor, z: Tensor, gap: Gap, tolerance: float) -> Tensor:
        """Notes a check of some items at step k and returns which of them go on, (b,); none after the last step."""
        converged = gap.reached(tolerance)
        stopped = converged | last
        everyone = self.gaps[-1] if self.gaps else gap.relative
        self.gaps.append(everyone.index_copy(0, item, gap.relative))
        self.checked_at.append(k)
        done = item[stopped]
        self.z[done], self.n_iter[done], self.converged[done] = z[stopped], k, converged[stopped]
        return ~stopped

    def go_on(self, item: Tensor, later: "Minimum") -> None:
        """Appends what another iteration made of the last z of some items; the z of the smaller gap is kept."""
        better = later.gaps[-1] < self.gaps[-1][item]
        self.z[item] = torch.where(better.unsqueeze(1), later.z, self.z[item])
        self.n_iter[item] += later.n_iter
        self.converged[item] = later.converged
        self.gaps += [self.gaps[-1].index_copy(0, item, gap) for gap in later.gaps[1:]]
        self.checked_at += [self.n_steps + k for k in later.checked_at[1:]]

    def solution(self, signals: Callable[[Tensor], Tensor], trace: Trace) -> Solution:
        """With x = signals(z); the history has one row per check: "gap", and "iteration" with its number."""
        x = signals(self.z)
        gaps = torch.stack(self.gaps)
        iteration = torch.tensor(self.checked_at, dtype=gaps.dtype, device=gaps.device).unsqueeze(1).expand_as(gaps)
        status = [Status.CONVERGED if done else Status.MAX_ITER for done in self.converged.tolist()]
        return Solution(x, status, self.n_iter, {"gap": gaps, "iteration": iteration}, trace.stack(x))


def trace_of(trace: Trace, signals: Callable[[Tensor], Tensor]) -> OnIterate | None:
    """Records x = signals(z) of the iterates that were asked for; None when there are none, to spare the calls."""
    if not trace.numbers:
        return None
    return lambda k, z: trace.record(k, signals(z)) if k in trace else None
