"""How the step size changes along a fit."""

from abc import ABC, abstractmethod

from lit_inverse.settings import below_1


class Schedule(ABC):
    """The share of lr that an update takes."""

    @abstractmethod
    def __call__(self, progress: float) -> float:
        """Of the update k of max_iter, progress = k / max_iter, which is less than 1; positive."""


class Constant(Schedule):
    """lr throughout."""

    def __call__(self, progress: float) -> float:
        return 1.0


class LinearDecay(Schedule):
    """lr up to a share `start` of the iterations, from there linearly to 0.

    The noise of the last steps, which with a constant lr is left in the answer, is thus averaged out.
    """

    def __init__(self, start: float = 0.7) -> None:
        below_1(start=start)
        self.start = start

    def __call__(self, progress: float) -> float:
        return min(1.0, (1 - progress) / (1 - self.start))
