"""Until measurements that are not fitted are explained worse again."""

import torch
from torch import Tensor

from lit_inverse.operators.items import reals
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import Decision, Lowest, StoppingRule, Watch


class HoldOut(StoppingRule):
    """Fits a part of the measurements, finds the iterate that explains the others best, and fits all of them that long.

    The share `fraction` of the entries of y, drawn at random, is withheld from a first fit, which ends when `patience`
    iterates brought no smaller squared residual on them. A second fit, from the same weights to all entries, is then
    taken to the same number of iterations; its last iterate is the answer. The idea is that of self-validation (Yaman
    et al. 2021, arXiv 2102.07737), here without a third set. It takes the time of both fits.

    Raises:
        ValueError: when a number is out of its range; at a fit, when no or all entries would be withheld.
    """

    def __init__(self, fraction: float = 0.1, patience: int = 200) -> None:
        at_least_1(patience=patience)
        if not 0 < fraction < 1:
            raise ValueError(f"fraction is {fraction}, expected 0 < fraction < 1")
        self.fraction, self.patience = fraction, patience

    def held_out(self, descent: Descent) -> Tensor | None:
        y, m = descent.data.y, descent.data.operator.m
        n_held_out = round(self.fraction * m)
        if not 0 < n_held_out < m:
            raise ValueError(
                f"fraction {self.fraction} of m = {m} is {n_held_out}, expected at least 1 and less than m"
            )
        masks = torch.zeros(len(y), m, dtype=torch.bool)
        for mask, seed in zip(masks, descent.data.seeds, strict=True):
            mask[torch.randperm(m, generator=source_of(seed, "held-out measurements"))[:n_held_out]] = True
        return masks.view(y.shape).to(y.device)

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Withheld(descent, Lowest(descent.data.sigma, self.patience))


class _Withheld(Watch):
    def __init__(self, descent: Descent, lowest: Lowest) -> None:
        self.descent, self.lowest = descent, lowest

    def see(self, iterate: Iterate) -> Decision:
        data = self.descent.data
        assert data.used is not None
        residual = torch.where(data.used, 0, iterate.prediction - data.y)
        return self.lowest.see(reals(residual).square().sum(1))


class AtIterate(Watch):
    """Ends each fit with the iterate of a given number (F,), which is the answer."""

    def __init__(self, numbers: Tensor) -> None:
        self.numbers = numbers

    def see(self, iterate: Iterate) -> Decision:
        return Decision(torch.isfinite(iterate.objective), iterate.number >= self.numbers)
