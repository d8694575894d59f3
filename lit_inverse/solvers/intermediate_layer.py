"""Intermediate-layer optimisation: the inputs of later and later layers move, each near where the last stage ended."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators import Operator
from lit_inverse.settings import one_of, positive
from lit_inverse.solvers.latent.balls import PROJECTIONS, NormName
from lit_inverse.solvers.latent.following import Paths, Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.latent.steps import descending, first_order
from lit_inverse.solvers.solution import Solution

Stages: TypeAlias = Sequence[Callable[[Tensor], Tensor]]


class IntermediateLayer(LatentSolver):
    """x_hat = G_d(... G_{i+1}(h_i)), h_i = argmin ||y - A G_d(... G_{i+1}(h))||^2 over ||h - G_i(h_{i-1})|| <= r_i.

    ILO (Daras, Dean, Jalal and Dimakis 2021, Algorithm 1) on G = G_d ... G_1: first z = h_0 as in `LatentSearch`, with
    its prior and restarts, of which the best goes on; then, layer by layer, the vector h_i between G_i and G_{i+1} in a
    ball around what the stage before made of it. Each moves by Adam, projected onto its ball; the best iterate of a
    stage goes on. Deviations: balls are those of the Euclidean norm by default, where theirs are l1; one constant
    learning rate for all stages; in a stage h_i moves alone, where in their code z and the inputs of noise do too; and
    r_i = radius_i sqrt(m / n), where theirs are set by hand: the fewer measurements there are, the less of h they
    determine. As in their code the projection is the nearest point whatever Adam's scales of the entries are, so that
    on the surface of its ball h_i ends near the minimiser, not at it.

    All steps count: with radii of two layers there are 3 max_iter. The history's "loss" is that of the stage.

    Args:
        generator: checkpoint of an `ImageGenerator` that tells its layers apart (`stages`), or the network.
        max_iter: number of steps of each stage.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2 in the first stage.
        radii: of the balls of h_1, h_2, ... for m = n; as many layers move.
        norm: of the balls, "l1" or "l2".

    Raises:
        ValueError: when the generator has too few layers; others see `LatentSolver`.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        lr: float = 0.01,
        n_restarts: int = 10,
        prior: float = 0.1,
        radii: tuple[float, ...] = (3.0, 3.0),
        norm: NormName = "l2",
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr, prior)
        for number, radius in enumerate(radii, 1):
            positive(**{f"radius {number}": radius})
        one_of(NormName, norm=norm)
        n_stages = len(self.generator.stages())
        if len(radii) >= n_stages:
            raise ValueError(
                f"radii are {tuple(radii)}, expected fewer than the layers that the generator tells apart, {n_stages}"
            )
        self.radii = tuple(radii)
        self.norm: NormName = norm

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        given, stages = searches.given, searches.network.stages()

        def with_prior(point: Point) -> Tensor:
            (z,) = point
            return searches.misfit(_through(stages, z)) + self._penalty(z)

        update = descending(first_order(starts, self.lr))
        paths = follow((starts,), with_prior, update, self.max_iter, given.trace.numbers)
        solution = searches.solution(paths, searches.network)
        (h,) = paths.ends(searches.n_restarts)[1]
        losses, best = [solution.history["loss"]], searches.with_restarts(1)
        for number, radius in enumerate(self._radii(searches.operator), 1):
            with torch.no_grad():
                h = stages[number - 1](h)
            paths = self._near(best, stages[number:], h, radius, number * self.max_iter)
            (h,) = paths.best
            losses.append(paths.losses[1:])
            for step, (kept,) in paths.kept.items():
                given.trace.record(number * self.max_iter + step, _through(stages[number:], kept))
        x = _through(stages[len(self.radii) :], h)
        history, n_iter = {"loss": torch.cat(losses)}, len(losses) * solution.n_iter
        return replace(solution, x=x, n_iter=n_iter, history=history, iterates=given.trace.stack(x))

    def _radii(self, operator: Operator) -> list[float]:
        return [radius * math.sqrt(operator.m / operator.n) for radius in self.radii]

    def _near(self, searches: Searches, stages: Stages, centre: Tensor, radius: float, before: int) -> Paths:
        """Moves the input of these stages in a ball; `before` steps have been made."""
        adam, project = first_order(centre, self.lr), PROJECTIONS[self.norm]

        def objective(point: Point) -> Tensor:
            return searches.misfit(_through(stages, point[0]))

        def update(point: Point, loss: Tensor) -> Point:
            (h,) = descending(adam)(point, loss)
            return (h.copy_(centre + project(h - centre, radius)),)  # in place: Adam goes on from there

        keep = [number - before for number in searches.given.trace.numbers]
        return follow((centre,), objective, update, self.max_iter, keep)


def _through(stages: Stages, h: Tensor) -> Tensor:
    for stage in stages:
        h = stage(h)
    return h
