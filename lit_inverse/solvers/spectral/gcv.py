"""Generalised cross-validation."""

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.singular_system import SingularSystem


class GCV(ParameterChoice):
    """The alpha that minimises ||A x - y||^2 / (m - sum_i F(sigma_i))^2 (Golub, Heath, Wahba 1979).

    It needs no sigma: noise in all m directions is what makes it work. Among alphas that belong to thresholds between
    the smallest and the largest singular value, geometrically. With a bidiagonalisation in place of all singular values
    the sum lacks those that were not found, which is right where they are small.

    Args:
        number: of alphas that are compared.

    Raises:
        ValueError: when it is below 1.
    """

    def __init__(self, number: int = 200) -> None:
        at_least_1(number=number)
        self.number = number

    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        alphas = family.alpha_of(system.thresholds(self.number))
        return alphas.gather(0, self._scores(system, family, alphas).argmin(0, keepdim=True))[0]

    def _scores(self, system: SingularSystem, family: Filter, alphas: Tensor) -> Tensor:
        scores = []
        for alpha in alphas:
            free = system.n_rows - system.response(family, alpha).sum(1)
            interpolates = free < 1e-6 * system.n_rows
            scores.append(torch.where(interpolates, torch.inf, system.residual(family, alpha) / free.square()))
        return torch.stack(scores)
