"""Morozov's discrepancy principle."""

import torch
from torch import Tensor

from lit_inverse.settings import positive
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.singular_system import SingularSystem

_HALVINGS = 60  # of 19 decades


class DiscrepancyPrinciple(ParameterChoice):
    """The largest alpha with ||A x - y||^2 <= tau^2 m sigma^2 (Morozov 1966).

    It needs the noise's sigma: with sigma = 0, as where no alpha comes down to it, x is not regularised. Where it is
    the steps of a bidiagonalisation that do not, alpha is that of the smallest singular value they found.

    Args:
        tau: > 1 in theory. With 1 the right side is what ||eta||^2 is expected to be; every second draw is larger, and
            then too little is regularised. With m = 200 1.1 leaves a margin of 2 standard deviations.

    Raises:
        ValueError: when tau is not positive.
    """

    def __init__(self, tau: float = 1.1) -> None:
        positive(tau=tau)
        self.tau = tau

    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        largest = system.sigma.amax(1).clamp_min(torch.finfo(noise.dtype).tiny).log().expand_as(noise)
        low, high = largest - 37, largest + 7  # log of 1e-16 and 1e3

        def fits(threshold: Tensor) -> Tensor:
            return system.residual(family, family.alpha_of(threshold.exp())) <= self.tau**2 * noise

        low = torch.where(system.complete | (noise == 0) | fits(low), low, system.smallest.log())
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            fit = fits(middle)
            low, high = torch.where(fit, middle, low), torch.where(fit, high, middle)
        return family.alpha_of(low.exp())
