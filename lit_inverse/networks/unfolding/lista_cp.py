"""LISTA-CP and LISTA-CPSS: the coupling of weights that convergence needs, and support selection."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.shrinkage import Shrinkage
from lit_inverse.networks.unfolding.weights import analytic_weight
from lit_inverse.operators import LinearOperator


class LISTACP(UnfoldedNetwork):
    """x_{t+1} = Psi_t(x_t + W_t^T (y - A x_t)) (Chen et al. 2018; Scarlett et al. 2022, eq. 42), LISTA with
    W2_t = I - W1_t A.

    Trained: W_t (m, n), theta_t; T (m n + 1) numbers.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        tied: one W for all layers, m n + T numbers.
        p, p_max: support selection, see `Shrinkage`; none by default.
        vector: one threshold per entry.
    """

    def __init__(
        self,
        m: int = 250,
        n: int = 500,
        n_layers: int = 16,
        tied: bool = False,
        p: float = 0.0,
        p_max: float = 0.0,
        vector: bool = False,
    ) -> None:
        super().__init__(m, n, n_layers, tied=tied, p=p, p_max=p_max, vector=vector)
        self.w = nn.ParameterList(nn.Parameter(torch.zeros(m, n)) for _ in range(1 if tied else n_layers))
        self.shrink = Shrinkage(n, n_layers, p, p_max, vector)

    def _initialize(self, operator: LinearOperator) -> None:
        """W_t the analytic weight, so that it begins as ALISTA does."""
        analytic = analytic_weight(dense(operator))
        for w in self.w:
            w.copy_(analytic)

    def steps(self, system: System) -> Iterator[Tensor]:
        x = system.zeros()
        for t in range(self.n_layers):
            x = self.shrink(torch.addmm(x, system.residual(x), self.w[min(t, len(self.w) - 1)]), t)
            yield x


class LISTACPSS(LISTACP):
    """LISTA-CP with support selection (Chen et al. 2018; Scarlett et al. 2022, eq. 44), with their p and p_max.

    p_max must not be much below the share of entries of x that are not zero.
    """

    def __init__(
        self,
        m: int = 250,
        n: int = 500,
        n_layers: int = 16,
        tied: bool = False,
        p: float = 1.2,
        p_max: float = 13.0,
        vector: bool = False,
    ) -> None:
        super().__init__(m, n, n_layers, tied, p, p_max, vector)
