"""NA-ALISTA: steps and thresholds that a small recurrent network chooses for each item."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.shrinkage import n_selected, select_support
from lit_inverse.networks.unfolding.weights import analytic_weight
from lit_inverse.operators import LinearOperator


class NAALISTA(UnfoldedNetwork):
    """x_{t+1} = Psi_t(x_t + gamma W^T r, theta), r = y - A x_t, gamma and theta from an LSTM (Behrens et al. 2021).

    The LSTM sees, for each item, how far x_t is off: ||r||_1 and ||W^T r||_1. Deviations from the paper: it sees their
    logarithms relative to those of the first layer, and what it gives is theta over the mean of |W^T r|; so twice y
    gives twice x, and 100 dB of error are as near to it as 1. And its state begins at 0, not at a trained one. Trained:
    the LSTM and its way out, 5 h^2 + 19 h + 2 numbers.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        hidden: h.
        p, p_max: support selection, see `Shrinkage`.
    """

    w: Tensor  # (m, n)

    def __init__(
        self, m: int = 250, n: int = 500, n_layers: int = 16, hidden: int = 128, p: float = 1.2, p_max: float = 13.0
    ) -> None:
        super().__init__(m, n, n_layers, hidden=hidden, p=p, p_max=p_max)
        self.selected = n_selected(n, n_layers, p, p_max)
        self.register_buffer("w", torch.zeros(m, n))
        self.lstm = nn.LSTMCell(2, hidden)
        self.between, self.out = nn.Linear(hidden, hidden), nn.Linear(hidden, 2)

    def _initialize(self, operator: LinearOperator) -> None:
        """W the analytic weight, gamma = 1 and theta = 3.5 times the mean of |W^T r|, near the best constant."""
        self.w.copy_(analytic_weight(dense(operator)))
        self.out.weight.zero_()
        self.out.bias.copy_(torch.tensor([1.0, 3.5]).expm1().log())  # softplus of it is 1 and 3.5

    def steps(self, system: System) -> Iterator[Tensor]:
        x, first, memory = system.zeros(), None, None
        for k in self.selected:
            r = system.residual(x)
            u = r @ self.w
            sizes = torch.stack([r.abs().mean(1), u.abs().mean(1)], 1).clamp_min(torch.finfo(r.dtype).tiny)
            first = sizes if first is None else first
            memory = self.lstm((sizes / first).log(), memory)
            gamma, ratio = F.softplus(self.out(F.relu(self.between(memory[1])))).unbind(1)
            x = select_support(x + gamma[:, None] * u, (ratio * sizes[:, 1])[:, None], k)
            yield x
