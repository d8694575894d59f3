"""Ada-LISTA: weights that go with any A."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import Shrinkage
from lit_inverse.operators import LinearOperator


class AdaLISTA(UnfoldedNetwork):
    """x_{t+1} = soft(x_t + gamma_t A^T (W2^T y - W1^T W1 A x_t), theta_t) (Aberdam et al. 2021).

    A enters by itself: trained on many A it works for others of their kind, also for one per item. Trained: W1 and W2
    (m, m), gamma_t, theta_t; 2 m^2 + 2 T numbers. With W1 = W2 = I it is ISTA. exp(log_gamma) is gamma.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        p, p_max: support selection, see `Shrinkage`; none by default.
    """

    bound = False

    def __init__(self, m: int = 250, n: int = 500, n_layers: int = 16, p: float = 0.0, p_max: float = 0.0) -> None:
        super().__init__(m, n, n_layers, p=p, p_max=p_max)
        self.w1, self.w2 = nn.Parameter(torch.eye(m)), nn.Parameter(torch.eye(m))
        self.log_gamma = Logarithms(nn.Parameter(torch.zeros(())) for _ in range(n_layers))
        self.shrink = Shrinkage(n, n_layers, p, p_max)

    def _initialize(self, operator: LinearOperator) -> None:
        """W1 = W2 = I and gamma_t = 1 / ||A||^2, the largest over the items."""
        for w in (self.w1, self.w2):
            nn.init.eye_(w)
        for log_gamma in self.log_gamma:
            log_gamma.fill_(-2 * math.log(float(operator.norm().max())))

    def steps(self, system: System) -> Iterator[Tensor]:
        first, seen = self.w1.mT @ self.w1, system.y @ self.w2
        x = system.zeros()
        for t, log_gamma in enumerate(self.log_gamma):
            r = seen - (system.y - system.residual(x)) @ first
            x = self.shrink(x + log_gamma.exp() * system.adjoint(r), t)
            yield x
