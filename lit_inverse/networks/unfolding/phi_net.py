"""ISTA for signals that are sparse in an unknown orthonormal basis, which is learned."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork
from lit_inverse.networks.unfolding.shrinkage import soft
from lit_inverse.operators import LinearOperator


class PhiNet(UnfoldedNetwork):
    """f_{t+1} = soft(f_t + s (A Phi)^T (y - A Phi f_t), lam s), x_t = Phi f_t.

    The class of networks of Behboodi, Rauhut and Schnoor 2022 (Scarlett et al. 2022, Sec. IV-C.2), but for the ball
    that they bring x_T to. One orthogonal Phi (n, n) for all layers is all that is trained, as exp(S - S^T);
    s = 1 / ||A||^2. It takes any A of its shape.

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        lam: > 0.

    Raises:
        ValueError: when lam is not positive.
    """

    bound = False

    def __init__(self, m: int = 250, n: int = 500, n_layers: int = 16, lam: float = 0.1) -> None:
        super().__init__(m, n, n_layers, lam=lam)
        if not lam > 0:
            raise ValueError(f"lam is {lam}, expected a number > 0")
        self.lam = lam
        self.skew = nn.Parameter(torch.zeros(n, n))

    def _initialize(self, operator: LinearOperator) -> None:
        """Phi stays the identity."""

    def steps(self, system: System) -> Iterator[Tensor]:
        phi = torch.linalg.matrix_exp(self.skew - self.skew.mT)
        f, step = system.zeros(), system.operator.norm().view(-1, 1) ** -2
        for _ in range(self.n_layers):
            r = system.residual(f @ phi.mT)
            f = soft(f + step * system.adjoint(r) @ phi, self.lam * step)
            yield f @ phi.mT
