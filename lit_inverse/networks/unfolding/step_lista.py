"""Step-LISTA: ISTA whose step sizes are trained."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import soft
from lit_inverse.operators import LinearOperator


class StepLISTA(UnfoldedNetwork):
    """x_{t+1} = soft(x_t + gamma_t A^T (y - A x_t), gamma_t lam) (Ablin et al. 2019, SLISTA).

    Trained: gamma_t, T numbers, best on the Lasso's objective 1/2 ||A x - y||^2 + lam ||x||_1 itself, without x.
    exp(log_gamma) is gamma. It takes any A of its shape, also one per item.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        lam: > 0.

    Raises:
        ValueError: when lam is not positive.
    """

    bound = False

    def __init__(self, m: int | None = 250, n: int = 500, n_layers: int = 16, lam: float = 0.1) -> None:
        super().__init__(m, n, n_layers, lam=lam)
        if not lam > 0:
            raise ValueError(f"lam is {lam}, expected a number > 0")
        self.lam = lam
        self.log_gamma = Logarithms(nn.Parameter(torch.zeros(())) for _ in range(n_layers))

    def _initialize(self, operator: LinearOperator) -> None:
        """gamma_t = 1 / ||A||^2, the largest over the items."""
        for log_gamma in self.log_gamma:
            log_gamma.fill_(-2 * math.log(float(operator.norm().max())))

    def steps(self, system: System) -> Iterator[Tensor]:
        x = system.zeros()
        for log_gamma in self.log_gamma:
            gamma = log_gamma.exp()
            x = soft(x + gamma * system.adjoint(system.residual(x)), gamma * self.lam)
            yield x
