"""The algorithm with recovery guarantees: subgradient steps, and a change of sign where that is better."""

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators.items import column
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver, check_step_size
from lit_inverse.solvers.solution import Solution


class SubgradientDescent(LatentSolver):
    """z <- -z if f(-z) < f(z);  z <- z - step v,  v in the subdifferential of f(z) = 1/2 ||y - A G(z)||^2.

    Cocola 2022, Algorithm 1, from Huang, Hand, Heckel and Voroninski 2021. The change of sign leaves the spurious
    critical point near a negative multiple of the solution. For ReLU networks with random weights, A_ij ~ N(0, 1/m) and
    m of the order of k it converges with high probability (Cocola 2022, Theorem 4.4), from any start but 0. Autograd's
    relu'(0) = 0 is a valid choice of subgradient. Iterates are those after the change of sign. See `LatentSolver`.

    The same f and algorithm serve other measurements, `Magnitude` (phase retrieval: Hand, Leong and Voroninski 2018),
    `Identity` (denoising and inversion: Heckel, Huang, Hand and Voroninski 2020) and `Spiked` (f is there 2 times that
    of Cocola, Hand and Voroninski 2020; the step of a z of length r should be about r^2 times smaller).

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of steps.
        step: constant step size, for networks with ||G(z)|| of the order of ||z||; weights N(0, 1/n_i) of d layers want
            one 2^d times larger (the paper's K 2^d / d^2).
        negation: whether signs are changed.
        n_restarts: number of starting points; the first ones are the same whatever their number. One is published.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 400,
        step: float = 0.5,
        negation: bool = True,
        n_restarts: int = 1,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts)
        check_step_size(step=step)
        self.step, self.negation = step, negation

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        def objective(point: Point) -> Tensor:
            return searches.misfit(searches.network(point[0])) / 2

        @torch.no_grad()
        def better_sign(z: Tensor) -> Tensor:
            if not self.negation:
                return z
            return torch.where(column(objective((-z,)) < objective((z,)), z), -z, z)

        def update(point: Point, loss: Tensor) -> Point:
            (v,) = torch.autograd.grad(loss.sum(), point)
            return (better_sign(point[0].detach() - self.step * v),)

        paths = follow((better_sign(starts),), objective, update, self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, searches.network)
