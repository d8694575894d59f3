"""Taking back what diverged."""

import torch
from torch import Tensor

from lit_inverse.solvers.fitting.descent import Descent


class RollBack:
    """Returns a fit whose objective jumped up, or is no number any more, to its last good weights, with smaller steps.

    Every `every` iterations the weights, with what the optimizer remembers, are kept if the objective is below
    `factor` times that of those kept last; if not, those are taken back, and all later updates of this fit are
    multiplied by `shrink`. In the code of Ulyanov et al. 2018 (deep image prior) a fall of the PSNR to y by 5 dB
    within 100 iterations takes the last weights back; the default factor is these 5 dB. It takes three times the
    memory of the weights and of the optimizer, and never looks at x.

    Args:
        factor: > 1.
        shrink: in (0, 1].
        every: iterations between looks.
    """

    def __init__(self, factor: float = 10**0.5, shrink: float = 0.5, every: int = 20) -> None:
        if not (factor > 1 and 0 < shrink <= 1 and every >= 1):
            raise ValueError(
                f"factor is {factor}, shrink {shrink}, every {every}; expected factor > 1, 0 < shrink <= 1, every >= 1"
            )
        self.factor, self.shrink, self.every = factor, shrink, every

    def start(self) -> "Safeguard":
        """For one run of fits."""
        return Safeguard(self)


class Safeguard:
    """The weights that were kept, with their objective (F,)."""

    def __init__(self, law: RollBack) -> None:
        self.law = law
        self.kept: list[Tensor] = []
        self._candidate: list[Tensor] = []
        self.objective: Tensor | None = None

    def before(self, number: int, descent: Descent) -> None:
        """Copies the weights that iterate `number` is made of."""
        if number % self.law.every == 0:
            self._candidate = [tensor.detach().clone() for tensor in _memory(descent)]

    @torch.no_grad()
    def after(self, number: int, descent: Descent, objective: Tensor) -> None:
        """Keeps or takes back, by the iterate's objective (F,); the weights have been updated meanwhile."""
        if number % self.law.every:
            return
        reference = torch.full_like(objective, torch.inf) if self.objective is None else self.objective
        good = torch.isfinite(objective) & ~(objective > self.law.factor * reference)
        self.objective = torch.where(good, objective, reference)
        old = self.kept or self._candidate
        self.kept = [torch.where(descent.per_fit(good, a), a, b) for a, b in zip(self._candidate, old, strict=True)]
        self._candidate = []
        if not good.all():
            for tensor, kept in zip(_memory(descent), self.kept, strict=True):
                tensor.copy_(torch.where(descent.per_fit(good, tensor), tensor, kept))
            rate = torch.ones_like(objective) if descent.rate is None else descent.rate
            descent.rate = torch.where(good, rate, self.law.shrink * rate)

    def select(self, index: Tensor) -> None:
        """Keeps the fits of these numbers, of several."""
        self.kept = [tensor[index] for tensor in self.kept]
        self.objective = None if self.objective is None else self.objective[index]


def _memory(descent: Descent) -> list[Tensor]:
    """All that an update changes, but for the numbers that all fits share."""
    remembered = [tensor for tensors in descent.state for tensor in tensors if tensor.ndim]
    return [*descent.networks.parameters, *remembered]
