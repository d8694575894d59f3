"""Sparse-Gen: a point in the range of a generator, and a sparse deviation from it."""

import torch
from torch import Tensor

from lit_inverse.bases import BasisName, Level, check_wavelet, make_basis
from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators import Operator
from lit_inverse.operators.items import column
from lit_inverse.settings import not_negative
from lit_inverse.solvers.base import ValueRange
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.latent.steps import first_order
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution


class SparseGen(LatentSolver):
    """x_hat = G(z) + Psi v, (z, v) = argmin ||y - A (G(z) + Psi v)||^2 + lam' ||v||_1 + prior ||z||^2.

    Sparse-Gen (Dhar, Grover and Ermon 2018, Sec. 3), which tends to the generator's answer where y has little to say
    and to that of the Lasso where it has much. z moves by Adam as in `LatentSearch`, v by proximal gradient steps of
    size 1 / (2 ||A||^2), after a warm-up of z alone: steps on v are exact in the convex problem it solves for a given
    z.
    Deviations: in the authors' code both move by Adam, v is clipped so that x_hat stays in [0, 1], and lam' is 0.01
    whatever m. Here it is lam n / m: lam' is the threshold of A^T r, whose entries are of the order of ||r|| / sqrt(m)
    for random A, and r is what v has not taken over, the less the larger m is. Linear A only.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of steps.
        warm_up: number of the first of them that leave v = 0 (theirs: 800 of 3000); where that would be all of them,
            three tenths.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2.
        lam: weight of ||v||_1 for m = n, in the range of the generator.
        basis: Psi, "pixel", "dct" or "wavelet".
        wavelet: an orthogonal wavelet of PyWavelets, for that basis.
        level: its number of levels; see `Lasso`.

    Raises:
        ValueError: when the wavelet is not orthogonal; when solving, if A is not linear; others see `LatentSolver`.
    """

    version = 2

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        warm_up: int = 300,
        lr: float = 0.01,
        n_restarts: int = 10,
        prior: float = 0.1,
        lam: float = 0.07,
        basis: BasisName = "pixel",
        wavelet: str = "db4",
        level: Level = None,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr, prior)
        not_negative(lam=lam, warm_up=warm_up)
        check_wavelet(wavelet)
        self.lam, self.warm_up = lam, warm_up
        self.basis: BasisName = basis
        self.wavelet, self.level = wavelet, level

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        super().check(operator, value_range)
        require_linear(operator)

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        operator, y = require_linear(searches.operator), searches.y
        basis = make_basis(self.basis, operator.in_shape, y.real, self.wavelet, self.level)
        adam = first_order(starts, self.lr)
        step = 1 / (2 * require_linear(searches.given.operator).norm().square())
        step = step.expand(len(searches.given.y)).repeat_interleave(searches.n_restarts)
        lam = self.lam * operator.n / operator.m
        n_warm_up = self.warm_up if self.warm_up < self.max_iter else 3 * self.max_iter // 10
        warm_up = iter([True] * n_warm_up)

        def images(z: Tensor, v: Tensor) -> Tensor:
            x: Tensor = searches.network(z) + basis.synthesis(v)
            return x

        def objective(point: Point) -> Tensor:
            z, v = point
            return searches.misfit(images(z, v)) + lam * v.abs().flatten(1).sum(1) + self._penalty(z)

        def update(point: Point, loss: Tensor) -> Point:
            z, v = point
            by_z, by_v = torch.autograd.grad(loss.sum(), (z, v))
            v = v.detach()
            if not next(warm_up, False):
                by_v = by_v - lam * v.sign()  # of the smooth part
                v = _shrink(v - column(step, v) * by_v, column(step * lam, v))
            return adam(by_z), v

        v = y.real.new_zeros(len(y), *(basis.shape or operator.in_shape))
        paths = follow((starts, v), objective, update, self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, images)


def _shrink(v: Tensor, tau: Tensor) -> Tensor:
    """sign(v) max(|v| - tau, 0)."""
    return v - v.clamp(-tau, tau)
