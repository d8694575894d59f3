"""The mutual coherence of A in a basis."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from lit_inverse.bases import BasisName
from lit_inverse.operators import Operator
from lit_inverse.theory.constants.coherence import column_lengths, mutual_coherence, welch_bound
from lit_inverse.theory.diagnostics.base import OperatorDiagnostic
from lit_inverse.theory.diagnostics.in_basis import in_basis
from lit_inverse.theory.estimate import Estimate


class Coherence(OperatorDiagnostic):
    """The "coherence" of the columns of A Psi, exact, and the "Welch bound", the least there is for its shape.

    Args:
        basis: Psi, "pixel", "dct" or "wavelet" (db4), in which x is to be sparse.
        limit: see `Diagnostic`.
    """

    panels: ClassVar[Mapping[str, Sequence[str]]] = {"mutual coherence": ("coherence", "Welch bound")}

    def __init__(self, basis: BasisName = "pixel", limit: int | None = 5) -> None:
        super().__init__(limit)
        self.basis: BasisName = basis

    def check(self, operator: Operator) -> None:
        zero = column_lengths(in_basis(operator, self.basis)) == 0
        if bool(zero.any()):
            raise ValueError(
                f"column {int(zero.int().argmax())} of A is zero in the basis {self.basis!r}, "
                "where its coherence is not defined: choose another basis or operator"
            )

    def measure(self, operator: Operator, seed: int) -> dict[str, Estimate]:
        matrix = in_basis(operator, self.basis)
        return {
            "coherence": mutual_coherence(matrix),
            "Welch bound": Estimate(welch_bound(matrix.m, matrix.n), "exact"),
        }
