"""The non-monotone line search of Zhang and Hager along directions in which the objective is quadratic."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.solvers.batch import Batch

_DECREASE = 1e-5  # these four: Li's TVAL3 code (c, gamma, gam, rate_gam)
_SHRINK = 0.6
_MEMORY = 0.9995
_FORGET = 0.9
_TRIES = 6  # the whole step, and five times a shorter one


@dataclass
class LineSearch(Batch):
    """Accepts a step of length a from f, if f(a) <= C + 1e-5 a f'(0) with a running average C of the former values.

    Zhang and Hager 2004, Algorithm 2.1: Q+ = gam Q + 1, C+ = (gam Q C + f) / Q+. Every field is (B,), one per item.
    """

    average: Tensor  # C
    weight: Tensor  # Q
    memory: Tensor  # gam

    @classmethod
    def begin(cls, f: Tensor) -> "LineSearch":
        one = torch.ones_like(f)
        return cls(f, one, _MEMORY * one)

    def step(self, f: Tensor, slope: Tensor, curvature: Tensor, minimise: Tensor) -> tuple[Tensor, Tensor]:
        """Lengths of the steps on f + a slope + a^2 / 2 curvature, and whether they are the minimiser.

        Tries a = 1, .6, ... .6^5. Items for which none of them is good enough, which then also remember less, and those
        of the mask `minimise` go to the minimiser, or to 1 if that lies beyond: all lengths keep to the segment [0, 1].
        """
        a = _SHRINK ** torch.arange(_TRIES, dtype=f.dtype, device=f.device).unsqueeze(1)
        enough = f + a * slope + a.square() / 2 * curvature <= self.average + _DECREASE * a * slope
        n_refused = (~enough).sum(0)  # what is enough is an interval from 0 on
        failed = n_refused == _TRIES
        self.memory = torch.where(failed, _FORGET * self.memory, self.memory)
        exact = minimise | failed
        shortest = torch.where(curvature > 0, -slope / curvature, 0).clamp_max(1)
        return torch.where(exact, shortest, a[n_refused.clamp_max(_TRIES - 1), 0]), exact

    def note(self, f: Tensor, restart: Tensor) -> None:
        """Takes the next value into the average, or starts anew with it."""
        old = self.memory * self.weight
        self.average = torch.where(restart, f, (old * self.average + f) / (old + 1))
        self.weight = torch.where(restart, 1, old + 1)
        self.memory = torch.where(restart, _MEMORY, self.memory)
