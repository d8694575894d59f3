"""The soft truncated singular value decomposition, which the analytic deep prior leads to."""

from lit_inverse.solvers.spectral import filters
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.solver import SpectralSolver


class SoftTSVD(SpectralSolver):
    """x = sum_i min(1 / sigma_i, 1 / (2 sqrt(alpha))) <y, u_i> v_i, with A = sum_i sigma_i u_i v_i^H.

    Dittmer et al. 2020, eq. 4.22: the x(B) = (B^H B + alpha I)^-1 B^H y of least ||A x(B) - y|| among all B with the
    singular vectors of A (Theorem 4.1). The null space of A is left at 0. Exact for small A, from a Krylov space for
    large ones (`singular_system`).

    Args:
        alpha: > 0; singular values below 2 sqrt(alpha) are damped. Or how it is chosen
            (`lit_inverse.solvers.spectral`).
        max_iter: largest number of steps of the bidiagonalisation of large A, which are kept: vectors of n and m each.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    family = filters.SOFT_TSVD

    def __init__(self, alpha: float | ParameterChoice = 1e-3, max_iter: int = 100) -> None:
        super().__init__(alpha, max_iter)
