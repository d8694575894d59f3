"""The linear generator J c in the network's place: only J J^T matters, the `gram` of its rows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Pace:
    """Steps of gradient descent with momentum on 1/2 ||A J c - y||^2.

    Attributes:
        step: its step size.
        momentum: share of the last step that is kept.
        n_iter: number of steps.
    """

    step: float
    momentum: float
    n_iter: int


def minimum_norm(gram: Tensor, matrix: Tensor, y: Tensor) -> Tensor:
    """J c of the c of least norm with A J c = y: x_hat = S A^T (A S A^T)^-1 y with S = J J^T (eq. 5), (B, n).

    Args:
        gram: S, (n, n).
        matrix: A, (B, m, n).
        y: (B, m).
    """
    weights = torch.linalg.solve(matrix @ gram @ matrix.mT, y[..., None])
    x: Tensor = (gram @ matrix.mT @ weights)[..., 0]
    return x


def pace(gram: Tensor, matrix: Tensor, decay: float = 1e-5, max_iter: int = 3000) -> Pace:
    """The steps that take every part of the residual to about `decay`.

    With eigenvalues of A S A^T in [l, L], the step is 1 / L. Momentum (1 - sqrt(l / L))^2 is then critical for the
    smallest: the slowest part decays by 1 - sqrt(l / L) in each iteration (but for a factor that grows linearly), where
    without momentum it would by 1 - l / L. Begun at 0, momentum leads to the same x_hat: no step leaves the range of
    (A J)^T. The same pace is taken for all of a batch, by its largest L and smallest l.

    Args:
        gram, matrix: see `minimum_norm`.
        decay: of the residual.
        max_iter: largest number of steps.
    """
    values = torch.linalg.eigvalsh(matrix @ gram @ matrix.mT)
    largest = float(values.max())
    ratio = math.sqrt(max(float(values.min()), 0.0) / largest)
    n_iter = min(max_iter, math.ceil(math.log(1 / decay) / ratio)) if ratio > 0 else max_iter
    return Pace(1 / largest, (1 - ratio) ** 2, n_iter)


def descent(gram: Tensor, matrix: Tensor, y: Tensor, steps: Pace) -> Iterator[Tensor]:
    """The iterates J c_t, t = 0, ..., n_iter, from c_0 = 0; (B, n) each."""
    x = torch.zeros_like(matrix[:, 0])
    move = torch.zeros_like(x)
    smooth = gram @ matrix.mT
    yield x
    for _ in range(steps.n_iter):
        residual = matrix @ x[..., None] - y[..., None]
        move = steps.momentum * move + (smooth @ residual)[..., 0]
        x = x - steps.step * move
        yield x
