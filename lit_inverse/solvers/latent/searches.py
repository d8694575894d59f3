"""The searches of one call: what they are given, and what is made of where they end."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lit_inverse import seeding
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.operators import Operator
from lit_inverse.solvers.base import Given, without_inference_tensors
from lit_inverse.solvers.fitting.data_terms import SquaredError
from lit_inverse.solvers.latent.following import Paths
from lit_inverse.solvers.solution import Solution, Status


@dataclass(frozen=True)
class Searches:
    """F = B n_restarts searches, those of an item in a row.

    Attributes:
        given: of the B items, with tensors that gradients can pass.
        n_restarts: searches of each item.
        y: (F, *out_shape).
        operator: one A for each search, or the one of all.
        network: G in evaluation mode, on the device and in the dtype of y, without gradients of its own.
    """

    given: Given
    n_restarts: int
    y: Tensor
    operator: Operator
    network: ImageGenerator

    @classmethod
    def of(cls, given: Given, generator: ImageGenerator, n_restarts: int) -> tuple["Searches", Tensor]:
        """All of them, and their starts z ~ N(0, I); more restarts only add to the first ones."""
        y, operator = given.y.clone(), without_inference_tensors(given.operator)
        given = replace(given, y=y, operator=operator, sigma=given.sigma.clone())
        network = copy.deepcopy(generator).to(y.device, y.real.dtype).requires_grad_(False).eval()
        sources = [source for seed in given.seeds for source in [seeding.generator(seed)] * n_restarts]
        z = torch.stack([torch.randn(network.latent_shape, generator=s, dtype=torch.float32) for s in sources])
        return cls(given, 1, y, operator, network).with_restarts(n_restarts), z.to(y.device, y.real.dtype)

    def misfit(self, x: Tensor) -> Tensor:
        """||y - A x||^2 of each search, (F,), x (F, *in_shape)."""
        return SquaredError()(self.operator(x), self.y)

    def with_restarts(self, n_restarts: int) -> "Searches":
        """The same items with another number of searches."""
        given = self.given
        items = torch.arange(len(given.y)).repeat_interleave(n_restarts)
        y, operator = given.y[items.to(given.y.device)], given.operator.take(items)
        return replace(self, n_restarts=n_restarts, y=y, operator=operator)

    def solution(self, paths: Paths, images: Callable[..., Tensor]) -> Solution:
        """The answers of all items.

        Args:
            paths: of the searches.
            images: x (B, *in_shape) of a point of B searches, whose variables are its arguments.
        """
        trace = self.given.trace
        chosen, point, diverged = paths.ends(self.n_restarts)
        with torch.no_grad():
            x_hat = images(*point)
            for number, kept in paths.kept.items():
                trace.record(number, images(*(part[chosen] for part in kept)))
        return Solution(
            x=x_hat,
            status=[Status.DIVERGED if failed else Status.MAX_ITER for failed in diverged.tolist()],
            n_iter=torch.full_like(chosen, len(paths.losses) - 1),
            history={"loss": paths.losses[1:, chosen]},
            iterates=trace.stack(x_hat),
        )
