"""Until Stein's estimate of the error rises again."""

from typing import ClassVar

import torch
from torch import Tensor

from lit_inverse.operators.items import column, reals
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import (
    Decision,
    Lowest,
    StoppingRule,
    Watch,
    known_sigma,
)


class SURE(StoppingRule):
    """The answer is the iterate of smallest unbiased estimate of ||A x_k - A x||^2 (Stein 1981),

        SURE_k = ||A x_k - y||^2 - m sigma^2 + 2 sigma^2 div_y(A x_k),

    for white Gaussian noise; for A = I it is the error of the image. The whole fit up to iterate k is a function of y,
    whose divergence is estimated by one more fit, from the same weights with the same draws, to y + h b: div = b^T (A
    x_k(y + h b) - A x_k(y)) / h with b ~ N(0, I) (Ramani, Blu and Unser 2008). That doubles the time. A small h sees
    the chaos of long runs with RMSprop rather than the divergence. A fit ends when `patience` iterates brought no
    smaller estimate. Of complex measurements, whose two parts have the variance sigma^2 / 2 each, both parts are
    entries of y.

    Args:
        h: in units of sigma.
        patience: iterates without a smaller estimate.

    Raises:
        ValueError: when a number is out of its range; at a fit, when sigma is 0.
    """

    allows_roll_back: ClassVar[bool] = False  # the second fit would not take its weights back

    def __init__(self, h: float = 0.5, patience: int = 200) -> None:
        at_least_1(patience=patience)
        positive(h=h)
        self.h, self.patience = h, patience

    def start(self, descent: Descent, max_iter: int) -> Watch:
        sigma, y = known_sigma(descent, self), descent.data.y
        b = torch.stack([_normal(y[0], seed) for seed in descent.data.seeds])
        h = self.h * sigma
        return _Estimate(descent, b, h, descent.fork(y + column(h, y) * b), Lowest(sigma, self.patience))


def _normal(like: Tensor, seed: int) -> Tensor:
    """Entries N(0, 1), of complex numbers both parts."""
    shape = torch.view_as_real(like).shape if like.is_complex() else like.shape
    draw = torch.randn(shape, generator=source_of(seed, "divergence"), dtype=torch.float32)
    draw = draw.to(like.device, like.real.dtype)
    return torch.view_as_complex(draw) if like.is_complex() else draw


class _Estimate(Watch):
    """div (F,) is the divergence at the last iterate, score (F,) its SURE."""

    div: Tensor
    score: Tensor

    def __init__(self, descent: Descent, b: Tensor, h: Tensor, twin: Descent, lowest: Lowest) -> None:
        self.descent, self.b, self.h, self.twin, self.lowest = descent, b, h, twin, lowest

    def see(self, iterate: Iterate) -> Decision:
        data, twin = self.descent.data, self.twin.step()
        self.div = (reals(self.b) * reals(twin.prediction - iterate.prediction)).sum(1) / self.h
        squares = reals(iterate.prediction - data.y).square().sum(1)
        variance = data.sigma.square()  # of an entry
        shares = 1 if data.y.is_complex() else 2  # a complex entry's variance is that of its two parts together
        self.score = squares - data.operator.m * variance + shares * variance * self.div
        return self.lowest.see(self.score)

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.twin.select(index)
