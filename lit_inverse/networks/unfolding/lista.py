"""LISTA: thresholded layers with free weights for y and for the estimate."""

import itertools
from collections.abc import Iterator
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.shrinkage import Shrinkage
from lit_inverse.networks.unfolding.weights import analytic_weight
from lit_inverse.operators import LinearOperator

Sharing = Literal["untied", "shared_input", "tied"]


class LISTA(UnfoldedNetwork):
    """x_{t+1} = Psi_t(W1_t y + W2_t x_t) (Gregor and LeCun 2010; Scarlett et al. 2022, eq. 39).

    Trained: W1_t (n, m), W2_t (n, n), theta_t. x_0 = 0, so that W2_0 multiplies nothing; it is kept for the sake of the
    published number of weights, T (m n + n^2 + 1), and gets no gradient.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        sharing: "untied"; "shared_input", one W1 for all layers, as in the code of Chen et al. 2018; or "tied", one W1,
            W2 and theta.
        p, p_max: support selection (LISTA-SS), see `Shrinkage`; none by default.
        vector: one threshold per entry.

    Raises:
        ValueError: when an argument is impossible.
    """

    def __init__(
        self,
        m: int = 250,
        n: int = 500,
        n_layers: int = 16,
        sharing: Sharing = "untied",
        p: float = 0.0,
        p_max: float = 0.0,
        vector: bool = False,
    ) -> None:
        super().__init__(m, n, n_layers, sharing=sharing, p=p, p_max=p_max, vector=vector)
        if sharing not in get_args(Sharing):
            raise ValueError(f"sharing is {sharing!r}, expected one of {', '.join(get_args(Sharing))}")
        n_inputs, n_states = {"untied": (n_layers, n_layers), "shared_input": (1, n_layers), "tied": (1, 1)}[sharing]
        self.w1 = nn.ParameterList(nn.Parameter(torch.zeros(n, m)) for _ in range(n_inputs))
        self.w2 = nn.ParameterList(nn.Parameter(torch.zeros(n, n)) for _ in range(n_states))
        self.shrink = Shrinkage(n, n_layers, p, p_max, vector, shared=sharing == "tied")

    def _initialize(self, operator: LinearOperator) -> None:
        """W1 = W^T with the analytic weight W of ALISTA, W2 = I - W1 A, so that it begins as ALISTA does."""
        a = dense(operator)
        w1 = analytic_weight(a).mT
        for weights in self.w1:
            weights.copy_(w1)
        for weights in self.w2:
            weights.copy_(torch.eye(self.n, dtype=a.dtype, device=a.device) - w1 @ a)

    def steps(self, system: System) -> Iterator[Tensor]:
        inputs = self._over_layers(self.w1)
        x = self.shrink(system.y @ next(inputs).mT, 0)
        yield x
        states = itertools.islice(self._over_layers(self.w2), 1, None)
        for t, (w1, w2) in enumerate(zip(inputs, states, strict=True), 1):
            x = self.shrink(torch.addmm(system.y @ w1.mT, x, w2.mT), t)
            yield x

    def _over_layers(self, weights: nn.ParameterList) -> Iterator[nn.Parameter]:
        return iter(weights) if len(weights) == self.n_layers else itertools.repeat(weights[0], self.n_layers)
