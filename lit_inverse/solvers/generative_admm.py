"""ADMM with the range of a generator as the constraint."""

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators import Operator
from lit_inverse.settings import positive
from lit_inverse.solvers.base import ValueRange
from lit_inverse.solvers.fitting.data_terms import SquaredError
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.latent.steps import first_order
from lit_inverse.solvers.least_squares.data_step import DataStep
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution


class GenerativeADMM(LatentSolver):
    """min 1/2 ||A w - y||^2 + prior ||z||^2 subject to w = G(z), by the augmented Lagrangian with scaled multipliers u:

        z <- z - a step of Adam on rho/2 ||w + u - G(z)||^2 + prior ||z||^2
        w <- argmin 1/2 ||A w - y||^2 + rho/2 ||w + u - G(z)||^2
        u <- u + w - G(z)

    Latorre, Eftekhari and Cevher 2019, Algorithm 1. Deviations: they take a plain gradient step for z, and for w but in
    their Algorithm 2; the w here is exact and rho constant. The answer is G(z), and the "loss" ||A G(z) - y||^2 / 2 +
    prior ||z||^2. Linear A only.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of iterations.
        rho: weight of the constraint.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2; half of what it is in `LatentSearch`, whose square has no 1/2.

    Raises:
        ValueError: when solving, if A is not linear; others see `LatentSolver`.
    """

    version = 2

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        rho: float = 1.0,
        lr: float = 0.03,
        n_restarts: int = 4,
        prior: float = 0.05,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr, prior)
        positive(rho=rho)
        self.rho = rho

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        super().check(operator, value_range)
        require_linear(operator)

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        network, y, adam = searches.network, searches.y, first_order(starts, self.lr)
        operator, rho = require_linear(searches.operator), y.real.new_full((len(y),), self.rho)
        data_step = DataStep(operator.on_reals() if y.is_complex() else operator, y)  # w is as real as G(z)

        def objective(point: Point) -> Tensor:
            return searches.misfit(network(point[0])) / 2 + self._penalty(point[0])

        def update(point: Point, loss: Tensor) -> Point:
            z, w, u = point
            augmented = self.rho / 2 * SquaredError()(network(z), (w + u).detach()) + self._penalty(z)
            z = adam(*torch.autograd.grad(augmented.sum(), z))
            with torch.no_grad():
                x = network(z)
                w = data_step(x - u, rho)
                return z, w, u + w - x

        with torch.no_grad():
            x = network(starts)
        paths = follow((starts, x, torch.zeros_like(x)), objective, update, self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, lambda z, w, u: network(z))
