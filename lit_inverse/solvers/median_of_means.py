"""A tournament of medians of means, for measurements of which some are wrong altogether."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators import Operator
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.base import ValueRange
from lit_inverse.solvers.fitting.data_terms import SquaredError
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.latent.steps import first_order
from lit_inverse.solvers.solution import Solution

_AT_ONCE = 25  # orders drawn


class MedianOfMeans(LatentSolver):
    """x_hat = G(z), z = argmin_z max_z' median_j (l_j(z) - l_j(z')), l_j(z) = mean over block j of |y_i - (A
    G(z))_i|^2.

    Jalal, Liu, Dimakis and Caramanis 2020, Sec. 3: blocks with an outlier do not matter while they are fewer than half.
    As in their algorithm z and z' both descend on the block of the median difference. Deviations: by Adam, with the
    prior of `LatentSearch` for both; the measurements are dealt to the blocks anew in each step, in their code once; z'
    begins at -z; the last z counts, in their code the mean of 200. The "loss", by which restarts are chosen, is m
    median_j l_j(z) + prior ||z||^2 over blocks of neighbours.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of steps.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2.
        n_blocks: number of blocks, more than twice that of the outliers to be borne; m at most.

    Raises:
        ValueError: when solving, if there are more blocks than measurements; others see `LatentSolver`.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        lr: float = 0.01,
        n_restarts: int = 10,
        prior: float = 0.1,
        n_blocks: int = 20,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr, prior)
        at_least_1(n_blocks=n_blocks)
        self.n_blocks = n_blocks

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        super().check(operator, value_range)
        if self.n_blocks > operator.m:
            raise ValueError(f"n_blocks is {self.n_blocks}, expected at most the number of measurements, {operator.m}")

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        m, network = searches.operator.m, searches.network
        orders = _orders([source_of(seed, "blocks") for seed in searches.given.seeds], m, searches.y.device)
        steps = [first_order(starts, self.lr), first_order(-starts, self.lr)]

        def means(z: Tensor, order: Tensor | None = None) -> Tensor:
            """l_j, (F, n_blocks); what is left over by blocks of one size counts in none."""
            squares = SquaredError().entries(searches.operator(network(z)), searches.y)
            squares = squares.reshape(len(z), m, -1).sum(2)
            squares = squares if order is None else squares.gather(1, order)
            return squares[:, : m // self.n_blocks * self.n_blocks].view(len(z), self.n_blocks, -1).mean(2)

        def objective(point: Point) -> Tensor:
            return m * means(point[0]).median(1).values + self._penalty(point[0])

        def update(point: Point, loss: Tensor) -> Point:
            order = next(orders).repeat_interleave(searches.n_restarts, 0)
            ours, theirs = (means(z, order) for z in point)
            block = (ours - theirs).median(1, keepdim=True).indices
            at_median = m * (ours + theirs).gather(1, block).squeeze(1)  # each depends on its own variable alone
            penalty = self._penalty(point[0]) + self._penalty(point[1])
            gradients = torch.autograd.grad((at_median + penalty).sum(), point)
            return tuple(step(gradient) for step, gradient in zip(steps, gradients, strict=True))

        paths = follow((starts, -starts), objective, update, self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, lambda z, other: network(z))


def _orders(sources: list[torch.Generator], m: int, device: torch.device) -> Iterator[Tensor]:
    """The measurements of each item in random order, (B, m), without end; some steps' at a time go to the device."""
    while True:
        orders = [torch.stack([torch.randperm(m, generator=source) for source in sources]) for _ in range(_AT_ONCE)]
        yield from torch.stack(orders).to(device)
