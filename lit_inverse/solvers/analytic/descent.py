"""Gradient descent on the operators of a batch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.solvers.analytic.form import Evaluation


@dataclass(frozen=True)
class Point:
    """Where the descent is.

    Attributes:
        x: (B, n), x(B).
        loss: (B,), F(B).
        going: bool (B,), items that have not stopped.
        n_iter: (B,), the steps they made.
        least: (B,), the smallest loss up to here.
        best: (B, n), where it was.
    """

    x: Tensor
    loss: Tensor
    going: Tensor
    n_iter: Tensor
    least: Tensor
    best: Tensor


def descent(evaluate: Callable[[Tensor], Evaluation], b: Tensor, lr: Tensor, goal: Tensor) -> Iterator[Point]:
    """B <- B - lr dF(B), without end; an item with F <= goal stands still.

    Args:
        evaluate: B (B, m, n) -> x(B), F and dF.
        b: where it begins.
        lr: (B,).
        goal: (B,); 0 for none.
    """
    going, n_iter = goal >= 0, torch.zeros(len(b), dtype=torch.int64, device=b.device)
    x, loss, gradient = evaluate(b)
    best, least = x, loss
    while True:
        going = going & ((loss > goal) | (goal == 0))
        yield Point(x, loss, going, n_iter, least, best)
        b = torch.where(column(going, b), b - column(lr, b) * gradient, b)
        n_iter = n_iter + going
        now = evaluate(b)
        x, loss = torch.where(column(going, x), now.x, x), torch.where(going, now.loss, loss)
        gradient, better = now.gradient, loss < least
        best, least = torch.where(column(better, x), x, best), torch.where(better, loss, least)
