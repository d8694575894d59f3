"""Generalised cross-validation."""

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.singular_system import SingularSystem

_MARGIN = 1e-3  # of alphas below the smallest singular value: a well-conditioned A needs hardly any
_FEWEST = 5 * (1 - 1e-6)  # free directions: the mean square of fewer is often far below 1; five are enough when rounded


class GCV(ParameterChoice):
    """The alpha that minimises ||A x - y||^2 / (m - tr F)^2 (rho + (1 - rho) tr F^2 / m), tr F^p = sum_i F(sigma_i)^p.

    With rho = 1 generalised cross-validation (Golub, Heath, Wahba 1979), else the robust one of Lukas 2006 (Inverse
    Problems 22, 1883; gamma is rho there): its second factor grows with what noise does to x.

    It needs no sigma: noise in all m directions is what makes it work. Alphas that leave the noise less than five of
    them to be seen in, (m - tr F)^2 / sum_i (1 - F(sigma_i))^2 < 5, are not looked at (m / 2 where m < 10): by chance
    these have little noise in some draws, and then nothing would be regularised. Among alphas that belong to thresholds
    between a thousandth of the smallest and the largest singular value, geometrically. With a bidiagonalisation in
    place of all singular values the sums are estimated by Lanczos quadrature.

    It fails where singular values do not fall, as those of random A with m < n, where n <= m < n + 5 and the best x
    leaves hardly any direction out (little noise, not ill-posed; `TSVD` and `SoftTSVD` before `Tikhonov`), and says
    nothing where all are equal.

    Args:
        robustness: rho, 0 < rho <= 1. The smaller, the rarer are alphas that are too small; but at .6 and below a mild
            blur is regularised far too much (docs/theory.md).
        number: of alphas that are compared.

    Raises:
        ValueError: when robustness is out of its range or number below 1.
    """

    def __init__(self, robustness: float = 0.8, number: int = 200) -> None:
        if not 0 < robustness <= 1:
            raise ValueError(f"robustness is {robustness}, expected 0 < robustness <= 1")
        at_least_1(number=number)
        self.robustness, self.number = robustness, number

    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        alphas = family.alpha_of(system.thresholds(self.number, _MARGIN))
        scores = torch.stack([self._score(system, family, alpha) for alpha in alphas])
        return alphas.gather(0, scores.argmin(0, keepdim=True))[0]

    def _score(self, system: SingularSystem, family: Filter, alpha: Tensor) -> Tensor:
        m = system.n_rows
        free, squares = (total / m for total in system.free(family, alpha))  # tr F^2 / m = 1 - 2 free + squares
        weight = self.robustness + (1 - self.robustness) * (1 - 2 * free + squares)
        few = (free < 1e-6) | (m * free.square() < min(_FEWEST, m / 2) * squares)
        return torch.where(few, torch.inf, system.residual(family, alpha) / free.square() * weight)
