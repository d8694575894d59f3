"""Accelerated proximal gradient steps for the Lasso, a batch at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.solvers.batch import Batch
from lit_inverse.solvers.sparse.lasso_objective import Gap, duality_gap, vecdot
from lit_inverse.solvers.sparse.minimum import Minimum, OnIterate

_CONTINUATION = 0.5  # lam falls from lam_max by this factor per step: saves a tenth of the steps for small lam
_FIRST = 0.5  # first L, in units of the curvature along A^T y
_GROWTH = 1.2  # when a curvature above L is met, L becomes this times it
_DECAY, _DECAY_TIME = 0.15, 1000  # step k lowers L by the factor 1 - _DECAY / (1 + k / _DECAY_TIME)^2
_LOWEST = 1e-2  # of the first L: L goes no lower


@dataclass
class _Iterates(Batch):
    """What the items still at work carry from step to step; every field is (B, ...)."""

    item: Tensor  # its number in the whole batch
    y: Tensor  # (B, m)
    lam: Tensor  # (B, 1), like all numbers below
    lam_path: Tensor  # the falling lam of the continuation
    z: Tensor  # (B, n)
    az: Tensor  # A z, (B, m)
    v: Tensor  # the extrapolated point
    av: Tensor
    t: Tensor  # its momentum
    L: Tensor
    lowest_L: Tensor

    @classmethod
    def begin(cls, y: Tensor, lam: Tensor, z: Tensor, az: Tensor) -> "_Iterates":
        ones, lam = y.new_ones(len(y), 1), lam.view(-1, 1)
        return cls(torch.arange(len(y), device=y.device), y, lam, lam, z, az, z, az, ones, ones, ones)

    def duality_gap(self, g: Tensor) -> Gap:
        return duality_gap(self.y, self.lam, self.z, self.az, self.y - self.av, self.L * g, self.L)

    def start(self, operator: LinearOperator, g: Tensor) -> None:
        """First L and lam of an adaptive run, from g = A^T (y - A z), with which lam starts at lam_max for z = 0."""
        self.L = _FIRST * (_norm(operator(g)) / _norm(g)).square()
        self.lowest_L = _LOWEST * self.L
        self.lam_path = g.abs().amax(1, keepdim=True)

    def step(self, operator: LinearOperator, g: Tensor, restart: bool, momentum: bool) -> tuple[Tensor, Tensor]:
        """One step of all items; returns ||z+ - v||^2 and ||A (z+ - v)||^2, each (B, 1)."""
        threshold = torch.maximum(self.lam, self.lam_path) / self.L
        z = self.v + g
        z = z - torch.minimum(torch.maximum(z, -threshold), threshold)  # twice as fast as clamp with bounds per item
        az = operator(z)
        from_v, progress = z - self.v, z - self.z
        lengths = _norm(from_v).square(), _norm(az - self.av).square()
        t = torch.where(vecdot(from_v, progress).unsqueeze(1) < 0, 1.0, self.t) if restart else self.t
        self.t = (1 + (1 + 4 * t.square()).sqrt()) / 2 if momentum else t
        extrapolation = (t - 1) / self.t
        self.v = torch.addcmul(z, extrapolation, progress)
        self.av = torch.addcmul(az, extrapolation, az - self.az)
        self.z, self.az = z, az
        return lengths

    def adapt(self, d_d: Tensor, ad_ad: Tensor, k: int) -> None:
        """Lets L follow the curvature ||A d||^2 / ||d||^2 met in step k, and lam fall."""
        noise = (8 * torch.finfo(d_d.dtype).eps * _norm(self.av)).square()
        decayed = self.L * (1 - _DECAY / (1 + k / _DECAY_TIME) ** 2)
        higher = (ad_ad > self.L * d_d) & (ad_ad > noise) & (d_d > 0)
        self.L = torch.maximum(torch.where(higher, _GROWTH * ad_ad / d_d, decayed), self.lowest_L)
        self.lam_path = _CONTINUATION * self.lam_path


def _norm(a: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(a, dim=1, keepdim=True)
    return norms


def accelerated_proximal_gradient(
    operator: LinearOperator,
    y: Tensor,
    lam: Tensor,
    z: Tensor,
    *,
    max_iter: int,
    gap: float,
    adaptive: bool = True,
    restart: bool = True,
    momentum: bool = True,
    on_iterate: OnIterate | None = None,
) -> Minimum:
    """Minimises P(z) = 1/2 ||A z - y||^2 + lam ||z||_1 for each item of a batch.

        z+ = soft(v + A^T (y - A v) / L, lam / L),   v+ = z+ + (t - 1) / t+ (z+ - z),   t+ = (1 + sqrt(1 + 4 t^2)) / 2

    Args:
        operator: A between real vectors, (B, n) to (B, m).
        y: (B, m).
        lam: (B,), positive.
        z: (B, n), the start.
        max_iter: largest number of steps.
        gap: an item stops when its duality gap is at most gap times P(z), or no larger than its rounding error.
            Checked every 5 steps, and less often as their number grows.
        adaptive: L follows the curvature met, per item, and lam falls to its value over the first steps. Every rise of
            L is by 1.2 at least, all its decays together are finite, and no curvature exceeds ||A||^2: from some step
            on none above L is met, as convergence demands. Otherwise L = ||A||^2, as in Beck and Teboulle 2009, Sec. 4.
        restart: restarts the momentum when it points uphill (gradient scheme of O'Donoghue and Candes 2015, Sec. 3.2).
        momentum: otherwise t = 1, and the steps are those of ISTA.
        on_iterate: called with the number of each iterate and z (B, n).

    Returns:
        The minimisers.
    """
    now = _Iterates.begin(y, lam, z, operator(z))
    minimum = Minimum.begin(now.z)
    if not adaptive:
        # 2 %: the norm of a large operator is an estimate from below
        now.L = (1.02 * operator.norm().square()).expand(len(y)).view(-1, 1)
    k = next_check = 0
    while True:
        if on_iterate is not None:
            on_iterate(k, minimum.z.index_copy(0, now.item, now.z))
        g = operator.adjoint((now.y - now.av) / now.L)
        if k in (next_check, max_iter):
            working = minimum.store(k, k == max_iter, now.item, now.z, now.duality_gap(g), gap)
            index = working.nonzero().squeeze(1)
            if len(index) == 0:
                return minimum
            if len(index) < len(working):
                operator, now, g = operator.take(index), now.take(index), g[index]
            next_check = k + max(5, k // 16)
        if adaptive and k == 0:
            now.start(operator, g)
            g = g / now.L
        lengths = now.step(operator, g, restart, momentum)
        k += 1
        if adaptive:
            now.adapt(*lengths, k)
