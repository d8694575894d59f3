"""What a sweep measures of its operators and solvers beside errors: the section `diagnostics` of its configuration."""

from lit_inverse.theory.diagnostics.base import Diagnostic, OperatorDiagnostic, SolverDiagnostic
from lit_inverse.theory.diagnostics.coherence import Coherence
from lit_inverse.theory.diagnostics.instability import Instability
from lit_inverse.theory.diagnostics.restricted_isometry import RestrictedIsometry
from lit_inverse.theory.diagnostics.set_restricted_eigenvalue import SetRestrictedEigenvalue

__all__ = [
    "Coherence",
    "Diagnostic",
    "Instability",
    "OperatorDiagnostic",
    "RestrictedIsometry",
    "SetRestrictedEigenvalue",
    "SolverDiagnostic",
]
