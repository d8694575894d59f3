"""Step-LISTA: ISTA whose step sizes are trained."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import soft
from lit_inverse.operators import LinearOperator


class StepLISTA(UnfoldedNetwork):
    """x_{t+1} = soft(x_t + s_t A^T (y - A x_t), s_t lam),  s_t = gamma_t / ||A||^2 (Ablin et al. 2019, SLISTA).

    Trained: gamma_t, T numbers, best on the Lasso's objective 1/2 ||A x - y||^2 + lam ||x||_1 itself, without x.
    exp(log_gamma) is gamma, 1 before training, which is ISTA. It takes any A, also one per item, and is as good on
    others as their kind is that of those it was trained for.

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
        """Nothing depends on A."""

    def steps(self, system: System) -> Iterator[Tensor]:
        x, scale = system.zeros(), system.operator.norm().square().view(-1, 1)
        for log_gamma in self.log_gamma:
            step = log_gamma.exp() / scale
            x = soft(x + step * system.adjoint(system.residual(x)), step * self.lam)
            yield x
