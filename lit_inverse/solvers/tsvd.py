"""Truncated singular value decomposition."""

from lit_inverse.solvers.spectral import filters
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.solver import SpectralSolver


class TSVD(SpectralSolver):
    """x = sum over sigma_i >= alpha of <y, u_i> / sigma_i v_i, with A = sum_i sigma_i u_i v_i^H.

    Exact for small A, from a Krylov space for large ones (`singular_system`), where TSVD needs more steps than filters
    that do not jump: singular values near alpha are found last.

    Args:
        alpha: smallest singular value that is kept, > 0; or how it is chosen (`lit_inverse.solvers.spectral`).
        max_iter: largest number of steps of the bidiagonalisation of large A, which are kept: vectors of n and m each.

    Raises:
        ValueError: when a setting is impossible, or A is not linear.
    """

    family = filters.TSVD

    def __init__(self, alpha: float | ParameterChoice = 1e-2, max_iter: int = 100) -> None:
        super().__init__(alpha, max_iter)
