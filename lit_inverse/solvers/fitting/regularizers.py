"""What a fit is asked for besides explaining y: terms of the image and of the weights."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from lit_inverse.settings import not_negative, positive
from lit_inverse.solvers.fitting.ensemble import Ensemble
from lit_inverse.solvers.fitting.total_variation import anisotropic_tv, isotropic_tv


class Regularizer(ABC):
    """A term of the objective, one value per fit."""

    @abstractmethod
    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        """Of the images x (F, C, H, W) and the networks that made them; (F,)."""


class AnisotropicTV(Regularizer):
    """weight ||grad x||_1, the sum over horizontal and vertical neighbours (CS-DIP; Liu et al. 2018, DIP-TV)."""

    def __init__(self, weight: float = 0.01) -> None:
        not_negative(weight=weight)
        self.weight = weight

    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        return self.weight * anisotropic_tv(x)


class IsotropicTV(Regularizer):
    """weight sum_i ||(grad x)_i||_2, rounded off at differences below eps (`isotropic_tv`)."""

    def __init__(self, weight: float = 0.01, eps: float = 1e-3) -> None:
        not_negative(weight=weight)
        positive(eps=eps)  # the gradient is infinite without it
        self.weight, self.eps = weight, eps

    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        return self.weight * isotropic_tv(x, self.eps)


class WeightDecay(Regularizer):
    """weight ||theta||^2 over all weights of the network. It passes through the optimizer like any other term."""

    def __init__(self, weight: float = 1e-4) -> None:
        not_negative(weight=weight)
        self.weight = weight

    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        total = x.new_zeros(len(x))
        for weights in networks.weights:
            total = total + weights.flatten(1).square().sum(1)
        return self.weight * total


class Sum(Regularizer):
    """A sum of terms, each with its weight."""

    def __init__(self, terms: Sequence[Regularizer]) -> None:
        if not terms:
            raise ValueError("got no terms, expected at least one")
        self.terms = terms

    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        total = self.terms[0](x, networks)
        for term in self.terms[1:]:
            total = total + term(x, networks)
        return total
