"""The interface of diagnostics: constants of theory, measured where errors are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1
from lit_inverse.theory.estimate import Estimate
from lit_inverse.theory.instability import Reconstruct


class Diagnostic(ABC):
    """Numbers beside the errors of a sweep, of its operators or of its solvers.

    Attributes:
        version: raised by hand when a diagnostic's numbers change.
        panels: axis of a figure -> the kinds of estimates that are drawn on it.

    Args:
        limit: first images of the sweep that it is measured for; null for all. Those that are there already stay when
            it changes.
    """

    version: ClassVar[int] = 1
    panels: ClassVar[Mapping[str, Sequence[str]]]

    def __init__(self, limit: int | None = None) -> None:
        at_least_1(limit=limit)
        self.limit = limit

    def check(self, operator: Operator) -> None:  # noqa: B027
        """Refuses, with a ValueError, an operator that has no such numbers; sweeps ask before they begin."""


class OperatorDiagnostic(Diagnostic):
    """Of A: measured once for each that is drawn."""

    @abstractmethod
    def measure(self, operator: Operator, seed: int) -> dict[str, Estimate]:
        """Kind -> estimate.

        Args:
            operator: shared; device and precision are its own.
            seed: of what is drawn.
        """


class SolverDiagnostic(Diagnostic):
    """Of a reconstruction: measured for each solver, setting and image."""

    @abstractmethod
    def measure(
        self, reconstruct: Reconstruct, x: Tensor, y: Tensor, operator: Operator, seed: int
    ) -> dict[str, Estimate]:
        """Kind -> estimate.

        Args:
            reconstruct: y (K, *out_shape) -> x_hat (K, ...), every item by the solver with the same seed.
            x: (*in_shape), what A acts on.
            y: (*out_shape), its measurements with their noise.
            operator: A, of this item alone.
            seed: of what is drawn.
        """
