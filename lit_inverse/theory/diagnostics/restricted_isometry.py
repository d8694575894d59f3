"""How near A is to an isometry of vectors that are sparse in a basis."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from lit_inverse.bases import BasisName
from lit_inverse.operators import Operator
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1
from lit_inverse.theory.constants.restricted_isometry import restricted_isometry_bounds
from lit_inverse.theory.diagnostics.base import OperatorDiagnostic
from lit_inverse.theory.diagnostics.in_basis import in_basis
from lit_inverse.theory.estimate import Estimate

_LARGEST = 1 << 13  # n, of which A^H A has a quarter of a gigabyte in float32


class RestrictedIsometry(OperatorDiagnostic):
    """Bounds of the restricted isometry constant delta_s of A Psi.

    "sampled": the worst of random supports, and "found": of those that exchanges lead to, both from below;
    "Gershgorin": from above. The constant is that of A as it is scaled: of c A it is another one. The n x n matrix
    A^H A is formed, for n of at most 8192.

    Args:
        s: sparsity.
        basis: Psi, "pixel", "dct" or "wavelet" (db4).
        n_samples: random supports.
        n_starts: the worst of them, from which exchanges start.
        max_sweeps: of exchanges.
        limit: see `Diagnostic`.

    Raises:
        ValueError: a number is below 1.
    """

    panels: ClassVar[Mapping[str, Sequence[str]]] = {"restricted isometry constant": ("Gershgorin", "found", "sampled")}

    def __init__(
        self,
        s: int = 4,
        basis: BasisName = "pixel",
        n_samples: int = 1000,
        n_starts: int = 4,
        max_sweeps: int = 10,
        limit: int | None = 5,
    ) -> None:
        super().__init__(limit)
        at_least_1(s=s, n_samples=n_samples, n_starts=n_starts, max_sweeps=max_sweeps)
        self.s, self.n_samples, self.n_starts, self.max_sweeps = s, n_samples, n_starts, max_sweeps
        self.basis: BasisName = basis

    def check(self, operator: Operator) -> None:
        in_basis(operator, self.basis)
        if self.s > operator.n:
            raise ValueError(f"s is {self.s}, expected at most n = {operator.n}")
        if operator.n > _LARGEST:
            raise ValueError(f"x has {operator.n} entries, expected at most {_LARGEST}: A^H A would be too large")

    def measure(self, operator: Operator, seed: int) -> dict[str, Estimate]:
        source = source_of(seed, "restricted isometry")
        return restricted_isometry_bounds(
            in_basis(operator, self.basis), self.s, source, self.n_samples, self.n_starts, self.max_sweeps
        )
