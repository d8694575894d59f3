"""ALISTA and TiLISTA: one weight matrix, from A alone or trained, with a step and a threshold per layer."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import Shrinkage
from lit_inverse.networks.unfolding.weights import analytic_weight
from lit_inverse.operators import LinearOperator


class ALISTA(UnfoldedNetwork):
    """x_{t+1} = Psi_t(x_t + gamma_t W^T (y - A x_t)), W the analytic weight of A (Liu et al. 2019).

    Trained: gamma_t and theta_t, 2 T numbers. exp(log_gamma) is gamma.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        p, p_max: support selection, see `Shrinkage`.
    """

    w: Tensor  # (m, n)

    def __init__(self, m: int = 250, n: int = 500, n_layers: int = 16, p: float = 1.2, p_max: float = 13.0) -> None:
        super().__init__(m, n, n_layers, p=p, p_max=p_max)
        self.register_buffer("w", torch.zeros(m, n))
        self.log_gamma = Logarithms(nn.Parameter(torch.zeros(())) for _ in range(n_layers))
        self.shrink = Shrinkage(n, n_layers, p, p_max)

    def _initialize(self, operator: LinearOperator) -> None:
        """W the analytic weight."""
        self.w.copy_(analytic_weight(dense(operator)))

    def steps(self, system: System) -> Iterator[Tensor]:
        x = system.zeros()
        for t, log_gamma in enumerate(self.log_gamma):
            x = self.shrink(x + log_gamma.exp() * (system.residual(x) @ self.w), t)
            yield x


class TiLISTA(ALISTA):
    """ALISTA whose W is trained too, from the analytic weight on (Liu et al. 2019); m n + 2 T numbers."""

    def __init__(self, m: int = 250, n: int = 500, n_layers: int = 16, p: float = 1.2, p_max: float = 13.0) -> None:
        super().__init__(m, n, n_layers, p, p_max)
        del self.w
        self.w = nn.Parameter(torch.zeros(m, n))
