"""A as it acts on the coefficients of x in a basis."""

from lit_inverse.bases import BasisName, make_basis
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.sparse.synthesis import Synthesis, is_explicit


def in_basis(operator: Operator, basis: BasisName) -> LinearOperator:
    """A Psi for real coefficients, as a matrix where it is small; two rows for a complex measurement.

    Raises:
        ValueError: A is not linear.
    """
    operator = require_linear(operator)
    y = operator(operator.like.new_zeros(1, *operator.in_shape))
    system = Synthesis(operator, make_basis(basis, operator.in_shape, y.real), y.dtype)
    return system.explicit(y.real) if is_explicit(operator, y) else system
