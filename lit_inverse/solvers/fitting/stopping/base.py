"""When a fit ends, and which of its iterates is the answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.per_fit import PerFit
from lit_inverse.solvers.solution import Status


@dataclass(frozen=True)
class Decision:
    """On an iterate of F fits.

    Attributes:
        better: bool (F,), it is the answer so far.
        done: bool (F,), the fit ends with it; None when this rule ends none.
    """

    better: Tensor
    done: Tensor | None = None


class Watch(PerFit, ABC):
    """A rule at work on F fits: sees each iterate once, in turn, and nothing of x."""

    @abstractmethod
    def see(self, iterate: Iterate) -> Decision: ...


class StoppingRule(ABC):
    """Settings of a rule.

    Attributes:
        status: how a fit ends that the rule ends before max_iter.
        allows_roll_back: whether the rule still holds after weights were taken back.
    """

    status: ClassVar[Status] = Status.STOPPED_EARLY
    allows_roll_back: ClassVar[bool] = True

    @abstractmethod
    def start(self, descent: Descent, max_iter: int) -> Watch:
        """The rule at work on a descent that has not begun; its fits end at the latest with iterate max_iter - 1."""

    def held_out(self, descent: Descent) -> Tensor | None:
        """bool (F, *out_shape), measurements that are withheld from a first fit, which only tells how long the second
        one, to all of them, takes; None when there is one fit."""
        return None


class Lowest(PerFit):
    """The smallest of a sequence of scores, and for how many of them there has been no smaller one.

    Args:
        like: (F,), for dtype and device.
        patience: scores without a smaller one that end a fit.
        tol: a score counts as smaller for the patience only when it is below (1 - tol) of the last such.
    """

    def __init__(self, like: Tensor, patience: int, tol: float = 0.0) -> None:
        self.best, self.reference = (torch.full_like(like, torch.inf) for _ in range(2))
        self.age = torch.zeros_like(like, dtype=torch.int32)
        self.patience, self.tol = patience, tol

    def see(self, score: Tensor) -> Decision:
        """The next score (F,); NaN is never smaller."""
        better = score < self.best
        progress = score < (1 - self.tol) * self.reference
        self.best = torch.where(better, score, self.best)
        self.reference = torch.where(progress, score, self.reference)
        self.age = torch.where(progress, 0, self.age + 1)
        return Decision(better, self.age >= self.patience)


def known_sigma(descent: Descent, rule: StoppingRule) -> Tensor:
    """sigma (F,), refused where it is 0."""
    sigma = descent.data.sigma
    if not (sigma > 0).all():
        raise ValueError(f"{type(rule).__name__} needs the noise's sigma > 0, got {sigma.tolist()}: give it to solve()")
    return sigma
