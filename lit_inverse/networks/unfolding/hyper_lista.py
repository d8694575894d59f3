"""HyperLISTA: thresholds, momentum and supports of all layers from three numbers."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import select_supports
from lit_inverse.networks.unfolding.weights import analytic_weight, coherence, symmetric_weight
from lit_inverse.operators import LinearOperator
from lit_inverse.operators.krylov import conjugate_gradients

_LEAST_ERROR = 1e-30  # the estimate of the error goes to 0 without noise


class HyperLISTA(UnfoldedNetwork):
    """x_{t+1} = Psi_t(x_t + W^T (y - A x_t) + beta_t (x_t - x_{t-1})) (Chen et al. 2021; Scarlett et al. 2022, eq. 48),

        e_t = ||A^+ (A x_t - y)||_1,   theta_t = c1 mu e_t,   beta_t = c2 mu ||x_t||_0,  p_t = c3 log(||A^+ y||_1 / e_t)

    for each item, mu the coherence max |w_i^T a_j|, i != j, and Psi_t leaves the p_t largest entries above theta_t as
    they are. x_{-1} = x_0 = 0. Trained: c1, c2, c3, three numbers, found by search. exp(log_c1) is c1, and so on.

    Deviations from the authors' code, which is at odds with their text: A^+ is applied to the residual of y itself, the
    step is 1, ||x_t||_0 is counted, and nothing is taken from the true x. beta_t is at most .95.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        symmetric: W of a symmetric W^T A, as published; the analytic weight of ALISTA otherwise.
        exact: solves A x = y by least squares on the support that the last layer finds, where it has at most m entries
            (in the paper from the layer on at which the support has settled).
    """

    w: Tensor  # (m, n)
    pinv: Tensor  # (n, m)
    mu: Tensor  # ()

    def __init__(
        self, m: int = 250, n: int = 500, n_layers: int = 16, symmetric: bool = True, exact: bool = False
    ) -> None:
        super().__init__(m, n, n_layers, symmetric=symmetric, exact=exact)
        if exact and n_layers < 2:
            raise ValueError(f"n_layers is {n_layers}, expected at least 2 if the last is exact")
        self.symmetric, self.exact = symmetric, exact
        for name, shape in (("w", (m, n)), ("pinv", (n, m)), ("mu", ())):
            self.register_buffer(name, torch.zeros(shape))
        # the best for Bernoulli(.1)-Gaussian x without noise, m = 250, n = 500
        self.log_c1, self.log_c2, self.log_c3 = (
            Logarithms([nn.Parameter(torch.tensor(math.log(c)))]) for c in (0.074, 0.0155, 102.0)
        )

    def _initialize(self, operator: LinearOperator) -> None:
        """W, A^+ and mu; the three numbers stay as they are."""
        a = dense(operator)
        w = symmetric_weight(a) if self.symmetric else analytic_weight(a)
        self.w.copy_(w)
        self.pinv.copy_(torch.linalg.pinv(a))
        self.mu.copy_(coherence(w, a))

    def steps(self, system: System) -> Iterator[Tensor]:
        c1, c2, c3 = (log_c[0].exp() for log_c in (self.log_c1, self.log_c2, self.log_c3))
        x = x_before = system.zeros()
        first = self._error(system.y)
        for _ in range(self.n_layers - self.exact):
            r = system.residual(x)
            error = self._error(r)
            theta = c1 * self.mu * error
            beta = (c2 * self.mu * (x != 0).sum(1, keepdim=True)).clamp(max=0.95)
            k = (c3 * (first / error).log()).detach().nan_to_num(0).clamp(0, self.n).round().long()
            x, x_before = select_supports(x + r @ self.w + beta * (x - x_before), theta, k), x
            yield x
        if self.exact:
            yield _on_support(system, x)

    def _error(self, r: Tensor) -> Tensor:
        """||A^+ r||_1, (B, 1)."""
        return (r @ self.pinv.mT).abs().sum(1, keepdim=True).clamp_min(_LEAST_ERROR)


def _on_support(system: System, x: Tensor) -> Tensor:
    """argmin ||A x' - y|| among x' that are 0 where x is, for items with at most m entries that are not."""
    support = (x != 0).to(x.dtype)
    solved = conjugate_gradients(
        lambda v: support * system.adjoint(system.y - system.residual(support * v)), support * system.adjoint(system.y)
    )
    return torch.where(support.sum(1, keepdim=True) <= system.y.shape[1], support * solved, x)
