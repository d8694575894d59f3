"""Generalised cross-validation."""

import math

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.singular_system import SingularSystem

_MARGIN = 1e-3  # of alphas below the smallest singular value: a well-conditioned A needs hardly any


class GCV(ParameterChoice):
    """The alpha that minimises ||A x - y||^2 / (m - gamma sum_i F(sigma_i))^2 (Golub, Heath, Wahba 1979: gamma = 1).

    It needs no sigma: noise in all m directions is what makes it work. Among alphas that belong to thresholds between
    a thousandth of the smallest and the largest singular value, geometrically. With a bidiagonalisation in place of all
    singular values the sum is estimated by Lanczos quadrature. It fails where singular values do not fall, as those of
    random A with m < n, and says nothing where all are equal.

    Args:
        gamma: >= 1. With 1, in a few cases of a hundred, nothing is regularised: the smallest singular values alone
            decide the quotient there. 1.4 prevents that and costs little else (Kim and Gu 2004).
        number: of alphas that are compared.

    Raises:
        ValueError: when gamma or number is below 1.
    """

    def __init__(self, gamma: float = 1.4, number: int = 200) -> None:
        if not 1 <= gamma < math.inf:
            raise ValueError(f"gamma is {gamma}, expected a finite number of at least 1")
        at_least_1(number=number)
        self.gamma, self.number = gamma, number

    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        alphas = family.alpha_of(system.thresholds(self.number, _MARGIN))
        return alphas.gather(0, self._scores(system, family, alphas).argmin(0, keepdim=True))[0]

    def _scores(self, system: SingularSystem, family: Filter, alphas: Tensor) -> Tensor:
        scores = []
        for alpha in alphas:
            free = system.n_rows - self.gamma * system.trace(family, alpha)
            interpolates = free < 1e-6 * system.n_rows
            scores.append(torch.where(interpolates, torch.inf, system.residual(family, alpha) / free.square()))
        return torch.stack(scores)
