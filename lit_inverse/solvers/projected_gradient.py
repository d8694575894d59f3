"""Projected gradient descent on the range of a generator."""

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.fitting.data_terms import SquaredError
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver, check_step_size
from lit_inverse.solvers.latent.steps import descending, first_order
from lit_inverse.solvers.solution import Solution


class ProjectedGradient(LatentSolver):
    """w = x + step A^H (y - A x);  x <- G(z), z = argmin ||w - G(z)||^2 by Adam from the last z on.

    Shah and Hegde 2018, Algorithm 1 (PGD-GAN), where E A^T A = I. The "loss" is ||y - A x||^2. For other measurements
    A^H is J(x)^H (`Operator.vjp`): with `Sign(straight_through=True)` it is the projected gradient method of 1-bit
    compressed sensing, x <- P(x + step A^T (y - sign(A x))) (Liu, Gomes, Tiwari and Scarlett 2020, BIPG). See
    `LatentSolver`.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of gradient steps.
        step: their size.
        n_inner: steps of Adam of each projection.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 30,
        step: float = 0.5,
        n_inner: int = 50,
        lr: float = 0.03,
        n_restarts: int = 1,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr)
        at_least_1(n_inner=n_inner)
        check_step_size(step=step)
        self.step, self.n_inner = step, n_inner

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        squares, network, operator = SquaredError(), searches.network, searches.operator

        def objective(point: Point) -> Tensor:
            return searches.misfit(network(point[0]))

        def update(point: Point, loss: Tensor) -> Point:
            with torch.no_grad():
                x = network(point[0])
                w = x + self.step * operator.vjp(x, searches.y - operator(x))
            adam = descending(first_order(point[0], self.lr))
            return follow(point, lambda inner: squares(network(inner[0]), w), adam, self.n_inner).last

        paths = follow((starts,), objective, update, self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, network)
