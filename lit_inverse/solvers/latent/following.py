"""The loop: searches advance together, and what is asked of their paths is kept."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import column

Point = tuple[Tensor, ...]  # where all F searches are: z, or several variables, each (F, ...)
Objective = Callable[[Point], Tensor]  # of each search, (F,)
Update = Callable[[Point, Tensor], Point]  # the next point, from this one and its objectives, which have a graph


@dataclass(frozen=True)
class Paths:
    """What is kept of F searches.

    Attributes:
        losses: (n_steps + 1, F), the objectives, before the first and after each step.
        last: point after the last step.
        lowest: (F,), smallest objective of each search.
        best: the point where it was.
        kept: points by the number of steps before them.
    """

    losses: Tensor
    last: Point
    lowest: Tensor
    best: Point
    kept: dict[int, Point]

    def ends(self, n_restarts: int) -> tuple[Tensor, Point, Tensor]:
        """The answer of each of B items that have n_restarts searches in a row.

        It is the end of the search with the smallest objective after the last step; where none ends below the best of
        the starts the item has diverged, and it is the point of the smallest objective of all.

        Returns:
            The numbers of the searches chosen (B,), the points (B, ...) and whether the item diverged (B,).
        """
        losses = self.losses[[0, -1]].view(2, -1, n_restarts)
        lowest, restart = losses[1].nan_to_num(torch.inf, torch.inf).min(1)
        diverged = ~lowest.isfinite() | (lowest > losses[0].amin(1))
        restart = torch.where(diverged, self.lowest.view(-1, n_restarts).argmin(1), restart)
        chosen = restart + n_restarts * torch.arange(len(restart), device=restart.device)
        point = tuple(
            torch.where(column(diverged, last[chosen]), best[chosen], last[chosen])
            for last, best in zip(self.last, self.best, strict=True)
        )
        return chosen, point, diverged


def follow(point: Point, objective: Objective, update: Update, n_steps: int, keep: Collection[int] = ()) -> Paths:
    """Makes n_steps updates of all searches.

    The device is not waited for: nothing in the loop depends on a number of a search.

    Args:
        point: where the searches begin.
        objective: of each search.
        update: the law of the steps.
        n_steps: number of them.
        keep: numbers of steps after which the points are kept; 0 is the start.
    """
    losses: list[Tensor] = []
    kept: dict[int, Point] = {}
    best = tuple(part.detach().clone() for part in point)
    lowest = torch.empty(0)
    for number in range(n_steps + 1):
        point = tuple(part.detach().requires_grad_() for part in point)
        loss = objective(point)
        losses.append(loss.detach())
        lowest = torch.full_like(losses[0], torch.inf) if number == 0 else lowest
        better = losses[-1] < lowest
        lowest = torch.where(better, losses[-1], lowest)
        best = tuple(torch.where(column(better, new), new.detach(), old) for new, old in zip(point, best, strict=True))
        if number in keep:
            kept[number] = tuple(part.detach().clone() for part in point)
        if number < n_steps:
            point = update(point, loss)
    return Paths(torch.stack(losses), tuple(part.detach() for part in point), lowest, best, kept)
