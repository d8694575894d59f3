"""Duality gap of min_z 1/2 ||A z - y||^2 + lam ||z||_1, and the record of a batch whose items stop one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

OnIterate = Callable[[int, Tensor], None]


@dataclass(frozen=True)
class Gap:
    """P(z) - D(theta) of each item, (B,), beside the P(z) and the rounding error it is compared with."""

    value: Tensor
    primal: Tensor
    rounding: Tensor

    @property
    def relative(self) -> Tensor:
        return self.value / self.primal.clamp_min(torch.finfo(self.primal.dtype).tiny)

    def reached(self, tolerance: float) -> Tensor:
        return self.value <= torch.maximum(tolerance * self.primal, self.rounding)


def duality_gap(y: Tensor, lam: Tensor, z: Tensor, az: Tensor, r: Tensor, c: Tensor, lipschitz: Tensor) -> Gap:
    """Upper bound of P(z) - min P, P(z) = 1/2 ||A z - y||^2 + lam ||z||_1.

    theta = s r with s = min(1, lam / ||A^T r||_inf) is feasible for the dual problem, to maximise
    D(theta) = <theta, y> - ||theta||^2 / 2 subject to ||A^T theta||_inf <= lam (Kim et al. 2007, Sec. III). The gap
    is small when r is close to the residual y - A z of the minimiser.

    Args:
        y: (B, m).
        lam: (B, 1).
        z: (B, n).
        az: A z, (B, m).
        r: any (B, m).
        c: A^T r, (B, n).
        lipschitz: the square of a typical norm of a column of A or more, (B, 1); for the rounding error.

    Returns:
        The gap, with primal P(z).
    """
    norm_1 = z.abs().sum(1)
    s = (lam / c.abs().amax(1, keepdim=True)).squeeze(1).clamp(max=1)
    residual = y - az
    # <r, y> in two parts, free of the cancellation in a dual objective near ||y||^2 / 2
    dual = s * (vecdot(r, residual) + vecdot(c, z)) - s.square() * vecdot(r, r) / 2
    primal = vecdot(residual, residual) / 2 + lam.squeeze(1) * norm_1
    # an error of eps ||y|| in r makes one of eps ||A_j|| ||y|| in A^T r, by which theta must shrink
    accuracy = 4 * torch.finfo(y.dtype).eps * lipschitz.squeeze(1).sqrt() * torch.linalg.vector_norm(y, dim=1)
    return Gap(primal - dual, primal, accuracy * norm_1)


def vecdot(a: Tensor, b: Tensor) -> Tensor:
    """<a_i, b_i> of each row, (B,)."""
    products: Tensor = torch.linalg.vecdot(a, b)
    return products


@dataclass
class Minimum:
    """Minimisers of a batch, filled in as the items stop.

    Attributes:
        z: (B, n).
        n_iter: (B,), the steps of each item.
        converged: (B,), whether its gap was reached.
        gaps: relative gaps of all items, (B,) per check; an item that has stopped keeps its last one.
        checked_at: the number of the iterate of each check.
    """

    z: Tensor
    n_iter: Tensor
    converged: Tensor
    gaps: list[Tensor] = field(default_factory=list)
    checked_at: list[int] = field(default_factory=list)

    @classmethod
    def begin(cls, z: Tensor) -> "Minimum":
        zeros = torch.zeros(len(z), dtype=torch.long, device=z.device)
        return cls(z.clone(), zeros, zeros.bool())

    def store(self, k: int, last: bool, item: Tensor, z: Tensor, gap: Gap, tolerance: float) -> Tensor:
        """Notes a check of some items at step k and returns which of them go on, (b,); none if it is the last step."""
        converged = gap.reached(tolerance)
        stopped = converged | last
        everyone = self.gaps[-1] if self.gaps else gap.relative
        self.gaps.append(everyone.index_copy(0, item, gap.relative))
        self.checked_at.append(k)
        done = item[stopped]
        self.z[done], self.n_iter[done], self.converged[done] = z[stopped], k, converged[stopped]
        return ~stopped
