"""The interface of rules that choose alpha."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from lit_inverse.settings import positive
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.singular_system import SingularSystem


class ParameterChoice(ABC):
    """Chooses alpha for each item, from y alone or with the noise's sigma."""

    @abstractmethod
    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        """alpha (B,).

        Args:
            system: of A and y.
            family: the filter whose alpha is chosen.
            noise: (B,), E||eta||^2 = m sigma^2.
        """


def check_alpha(alpha: float | ParameterChoice) -> None:
    """Refuses a number that is not > 0."""
    if not isinstance(alpha, ParameterChoice):
        positive(alpha=alpha)


def chosen(alpha: float | ParameterChoice, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
    """alpha (B,), given or chosen, in the precision of the singular values."""
    if isinstance(alpha, ParameterChoice):
        return alpha(system, family, noise.to(system.sigma.dtype))
    return torch.full_like(system.rest, alpha)
