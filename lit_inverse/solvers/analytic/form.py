"""The interface of the forms of the analytic deep prior."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class Datum:
    """A and y of a batch.

    Attributes:
        a: (1 or B, m, n).
        y: (B, m).
        alpha: weight of the penalty.
        shape: of x without the batch, of n entries.
    """

    a: Tensor
    y: Tensor
    alpha: float
    shape: tuple[int, ...]


class Evaluation(NamedTuple):
    """x(B) (B, n), F(B) = 1/2 ||A x(B) - y||^2 (B,), and the gradient of F (B, m, n)."""

    x: Tensor
    loss: Tensor
    gradient: Tensor


class Form(ABC):
    """How x(B) = argmin 1/2 ||B x - y||^2 + alpha R(x) is computed."""

    @abstractmethod
    def start(self, datum: Datum) -> Callable[[Tensor], Evaluation]:
        """What evaluates B (B, m, n), one for each item; it may go on from where it was for the last B."""
