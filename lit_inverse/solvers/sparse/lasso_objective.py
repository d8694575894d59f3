"""P(z) = 1/2 ||A z - y||^2 + lam ||z||_1: conventions for lam, and its duality gap."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.settings import at_least_1, not_negative, one_of, positive

LamUnit = Literal["absolute", "sklearn", "relative"]


def check_settings(lam: float, lam_unit: str, max_iter: int, gap: float) -> None:
    """Of the solvers of this objective."""
    positive(lam=lam)
    one_of(LamUnit, lam_unit=lam_unit)
    at_least_1(max_iter=max_iter)
    not_negative(gap=gap)


def absolute_lam(lam: float, unit: LamUnit, operator: LinearOperator, y: Tensor) -> Tensor:
    """The lam of P for each item, (B,).

    Args:
        lam: in the given unit.
        unit: "absolute": that of P. "sklearn": P is divided by the number m of real measurements, (1/2m) ||A z - y||^2
            + alpha ||z||_1, so that lam = alpha m. "relative": a fraction of lam_max = ||A^T y||_inf of each item, from
            which on z = 0.
        operator: A.
        y: (B, m).
    """
    if unit == "relative":
        # positive for y = 0 too
        return (lam * operator.adjoint(y).abs().amax(1)).clamp_min(torch.finfo(y.dtype).tiny)
    return y.new_full((len(y),), lam * (operator.m if unit == "sklearn" else 1))


@dataclass(frozen=True)
class Gap:
    """P(z) - D(theta) of each item, (B,), beside the P(z) and the rounding error it is compared with."""

    value: Tensor
    primal: Tensor
    rounding: Tensor

    @property
    def relative(self) -> Tensor:
        return self.value / self.primal.clamp_min(torch.finfo(self.primal.dtype).tiny)

    def smaller(self, other: Tensor, items: Tensor) -> "Gap":
        """With another upper bound of the same P(z), (B,), where it is smaller and may be used, (B,) bool."""
        return replace(self, value=torch.where(items, torch.minimum(self.value, other), self.value))

    def reached(self, tolerance: float) -> Tensor:
        return self.value <= torch.maximum(tolerance * self.primal, self.rounding)


def duality_gap(y: Tensor, lam: Tensor, z: Tensor, az: Tensor, r: Tensor, c: Tensor, lipschitz: Tensor) -> Gap:
    """Upper bound P(z) - D(theta) of P(z) - min P.

    theta = s r with s = min(1, lam / ||A^T r||_inf) is feasible for the dual problem, to maximise
    D(theta) = <theta, y> - ||theta||^2 / 2 subject to ||A^T theta||_inf <= lam (Kim et al. 2007, Sec. III-A). The bound
    is tight when z and r are close to the minimiser and its residual.

    Args:
        y: (B, m).
        lam: (B, 1).
        z: (B, n).
        az: A z, (B, m).
        r: any (B, m).
        c: A^T r, (B, n).
        lipschitz: the squared norm of a column of A or more, (B, 1); for the rounding error.
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
