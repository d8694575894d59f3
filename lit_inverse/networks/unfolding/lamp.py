"""LAMP: approximate message passing with trained numbers."""

from collections.abc import Iterator
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.posterior_mean import PosteriorMean
from lit_inverse.operators import LinearOperator

Weight = Literal["adjoint", "tied", "untied"]


class LAMP(UnfoldedNetwork):
    """Learned approximate message passing (Borgerding, Schniter, Rangan 2017, IEEE Trans. Signal Process.).

        v_t = y - A x_t + b_t v_{t-1},   b_t = (n / m) mean of eta_{t-1}',
        x_{t+1} = eta_t(x_t + B_t v_t; ||v_t||^2 / m),

    eta_t the mean of a Bernoulli-Gaussian x given x plus noise of that variance, with a density and a power of its own;
    b_t v_{t-1} (Onsager's term) makes the error of x_t + B_t v_t, for large A of independent entries with columns of
    unit norm, such noise. With B_t = A^T, "adjoint", LAMP needs no training where the law of x is known, is then the
    best there is for such A, and goes with any of them; trained are three numbers per layer. For other A train B_t too,
    from A^T on: m n + 3 T numbers, or T (m n + 3).

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        weight: B_t: "adjoint", or trained, "tied" (one for all layers) or "untied".
        density: expected share of entries of x that are not 0, to begin with.
        power: their variance, to begin with.

    Raises:
        ValueError: when a setting is impossible.
    """

    def __init__(
        self,
        m: int | None = 250,
        n: int = 500,
        n_layers: int = 16,
        weight: Weight = "adjoint",
        density: float = 0.1,
        power: float = 1.0,
    ) -> None:
        super().__init__(m, n, n_layers, weight=weight, density=density, power=power)
        if weight not in get_args(Weight):
            raise ValueError(f"weight is {weight!r}, expected one of {', '.join(get_args(Weight))}")
        self.bound = weight != "adjoint"
        if self.bound and m is None:
            raise ValueError(f"m is null and weight {weight!r}, expected a number of measurements, or adjoint")
        n_weights = {"adjoint": 0, "tied": 1, "untied": n_layers}[weight]
        self.w = nn.ParameterList(nn.Parameter(torch.zeros(m or 0, n)) for _ in range(n_weights))
        self.eta = PosteriorMean(n_layers, density, power)

    def _initialize(self, operator: LinearOperator) -> None:
        """B_t = A^T."""
        for w in self.w:
            w.copy_(dense(operator))

    def steps(self, system: System) -> Iterator[Tensor]:
        x, v, b = system.zeros(), torch.zeros_like(system.y), system.y.new_zeros(())
        for t in range(self.n_layers):
            v = system.residual(x) + b * v
            projected = v @ self.w[min(t, len(self.w) - 1)] if len(self.w) else system.adjoint(v)
            x, slope = self.eta(x + projected, v.square().mean(1, keepdim=True), t)
            b = slope.mean(1, keepdim=True) * self.n / system.operator.m
            yield x
