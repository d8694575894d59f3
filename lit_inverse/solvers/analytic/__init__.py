"""Forms of the analytic deep prior: how x(B) is computed, and with which penalty."""

from lit_inverse.solvers.analytic.exact import Exact
from lit_inverse.solvers.analytic.form import Form
from lit_inverse.solvers.analytic.penalties import L1, L2, TV, Penalty
from lit_inverse.solvers.analytic.unrolled import Unrolled

__all__ = ["L1", "L2", "TV", "Exact", "Form", "Penalty", "Unrolled"]
