"""Forward operators A of y = A(x) + eta, one idea per file."""

from lit_inverse.operators import checks
from lit_inverse.operators.base import LinearOperator, Operator
from lit_inverse.operators.gaussian import Gaussian
from lit_inverse.operators.matrix import Matrix

__all__ = ["Gaussian", "LinearOperator", "Matrix", "Operator", "checks"]
