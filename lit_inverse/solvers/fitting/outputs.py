"""What is returned of an iterate."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.settings import below_1
from lit_inverse.solvers.fitting.descent import Iterate
from lit_inverse.solvers.fitting.per_fit import PerFit


class Smoother(PerFit):
    """From iterates to images; this one takes them as they are."""

    def __call__(self, iterate: Iterate) -> Tensor:
        """The image (F, *in_shape) that stands for an iterate; called once for each in turn."""
        return iterate.x


class Output(ABC):
    """The law of the images returned. Which iterate they stand for is the stopping rule's choice."""

    @abstractmethod
    def start(self) -> Smoother:
        """For one run of fits."""


class RawOutput(Output):
    """The iterate itself."""

    def start(self) -> Smoother:
        return Smoother()


class ExponentialAverage(Output):
    """The mean of the iterates up to this one with weights decay^age, normalised to sum 1.

    Ulyanov et al. 2018 (deep image prior) average with decay 0.99 for denoising. Iterates that are not finite are
    left out.
    """

    def __init__(self, decay: float = 0.99) -> None:
        below_1(decay=decay)
        self.decay = decay

    def start(self) -> Smoother:
        return _Average(self.decay)


class _Average(Smoother):
    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.weight: Tensor | None = None
        self.mean: Tensor | None = None

    def __call__(self, iterate: Iterate) -> Tensor:
        if self.mean is None or self.weight is None:
            self.mean, self.weight = torch.zeros_like(iterate.x), torch.zeros_like(iterate.objective)
        finite = torch.isfinite(iterate.objective)
        self.weight = torch.where(finite, self.decay * self.weight + 1, self.weight)
        share = column(finite / self.weight.clamp_min(1), iterate.x)
        self.mean = torch.where(share > 0, self.mean + share * (iterate.x - self.mean), self.mean)
        return self.mean
