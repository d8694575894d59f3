"""Learned iterative hard thresholding."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.shrinkage import Shrinkage
from lit_inverse.networks.unfolding.weights import analytic_weight
from lit_inverse.operators import LinearOperator

_WIDTH = 0.1  # of the gate through which thresholds get their gradient, in units of the threshold


class LIHT(UnfoldedNetwork):
    """x_{t+1} = hard(B y + W_t x_t, theta_t), hard(z, theta) = z where |z| > theta, else 0 (Wang et al. 2016).

    Trained: B (n, m), one for all layers, W_t (n, n), theta_t; m n + T n^2 + T numbers. The step of hard() has no
    derivative with respect to theta; in the backward pass alone it is a sigmoid of (|z| - theta) / (.1 theta).

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
    """

    def __init__(self, m: int = 250, n: int = 500, n_layers: int = 16) -> None:
        super().__init__(m, n, n_layers)
        self.b = nn.Parameter(torch.zeros(n, m))
        self.w = nn.ParameterList(nn.Parameter(torch.zeros(n, n)) for _ in range(n_layers))
        self.shrink = Shrinkage(n, n_layers)  # for its thresholds

    def _initialize(self, operator: LinearOperator) -> None:
        """B = W^T with the analytic weight W of ALISTA, W_t = I - B A."""
        a = dense(operator)
        b = analytic_weight(a).mT
        self.b.copy_(b)
        for w in self.w:
            w.copy_(torch.eye(self.n, dtype=a.dtype, device=a.device) - b @ a)

    def steps(self, system: System) -> Iterator[Tensor]:
        seen = system.y @ self.b.mT
        x = hard(seen, self.shrink.theta(0))
        yield x
        for t in range(1, self.n_layers):
            x = hard(torch.addmm(seen, x, self.w[t].mT), self.shrink.theta(t))
            yield x


def hard(z: Tensor, theta: Tensor) -> Tensor:
    """z where |z| > theta, else 0; differentiated as if the step at theta were a sigmoid."""
    gate = torch.sigmoid((z.detach().abs() - theta) / (_WIDTH * theta.detach()))
    step = (z.detach().abs() > theta.detach()).to(z.dtype)
    return z * (step + (gate - gate.detach()))
