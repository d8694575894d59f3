"""Worst cases: the worst of samples, made worse by gradient ascent."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import column, norm
from lit_inverse.settings import at_least_1, not_negative, positive
from lit_inverse.theory.estimate import Estimate

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Search:
    """How a worst case is looked for.

    Attributes:
        n_samples: random tuples of points.
        n_starts: the worst of them, from which ascent starts.
        n_steps: of ascent; 0 for sampling alone, where the function has no derivative.
        step: length of the first step, relative to that of the point.

    Raises:
        ValueError: when a number is impossible.
    """

    n_samples: int = 1000
    n_starts: int = 32
    n_steps: int = 100
    step: float = 0.1

    def __post_init__(self) -> None:
        at_least_1(n_samples=self.n_samples, n_starts=self.n_starts)
        not_negative(n_steps=self.n_steps)
        positive(step=self.step)


def worst_case(
    value: Map,
    network: Map,
    z: Tensor,
    n_points: int,
    source: torch.Generator,
    search: Search,
    project: Map = lambda z: z,
) -> Estimate:
    """The largest value(G(z_1), ..., G(z_P)) that is found, a lower bound of the supremum.

    Args:
        value: (B, P, *shape of x) to (B,); -inf where it is not defined.
        network: z (B, *latent_shape) to x (B, ...).
        z: (N, *latent_shape), the points of which tuples are drawn.
        n_points: P.
        source: of the tuples.
        search: how.
        project: z (B, *latent_shape) into the allowed set.

    Raises:
        ValueError: when no tuple has a value.
    """
    index = torch.randint(len(z), (search.n_samples, n_points), generator=source).to(z.device)
    with torch.no_grad():
        x = network(z)
        values = torch.cat([value(x[part]) for part in torch.split(index, 256)])
    worst = values.topk(min(search.n_starts, len(values)))
    starts = z[index[worst.indices]]

    def of_points(points: Tensor) -> Tensor:
        return value(in_tuples(network(points.flatten(0, 1)), n_points))

    def projected(points: Tensor) -> Tensor:
        return in_tuples(project(points.flatten(0, 1)), n_points)

    found = (ascend(of_points, starts, search, projected)[0] if search.n_steps else worst.values).max().item()
    if not math.isfinite(found):
        raise ValueError(f"no value of {search.n_samples} samples is defined: do all points have the same image?")
    return Estimate(found, "lower", n=search.n_samples)


def ascend(objective: Map, points: Tensor, search: Search, project: Map = lambda z: z) -> tuple[Tensor, Tensor]:
    """Values (B,) and points (B, ...) after conjugate gradient steps that are taken only where they lead upwards.

    Polak and Ribiere's directions; a step that was taken makes the next one longer, one that was not halves it and
    starts again in the direction of the gradient.

    Args:
        objective: (B, ...) to (B,), each item by itself.
        points: (B, ...).
        search: number and length of steps.
        project: of trial points.
    """
    values, gradients = _with_gradient(objective, points)
    directions, steps = gradients, torch.full_like(values, search.step)
    for _ in range(search.n_steps):
        lengths = steps * norm(points) / norm(directions).clamp_min(torch.finfo(points.dtype).tiny)
        trials = project(points + column(lengths, points) * directions)
        trial_values, trial_gradients = _with_gradient(objective, trials)
        taken = trial_values > values
        steps = torch.where(taken, 1.5 * steps, 0.5 * steps)
        beta = (trial_gradients * (trial_gradients - gradients)).flatten(1).sum(1)
        beta = beta / gradients.square().flatten(1).sum(1).clamp_min(torch.finfo(points.dtype).tiny)
        onward = trial_gradients + column(beta.clamp(0, 10), points) * directions
        values = torch.where(taken, trial_values, values)
        points = torch.where(column(taken, points), trials, points)
        gradients = torch.where(column(taken, points), trial_gradients, gradients)
        directions = torch.where(column(taken, points), onward, gradients)
    return values, points


def _with_gradient(objective: Map, points: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        points = points.detach().requires_grad_()
        values = objective(points)
        (gradient,) = torch.autograd.grad(values.sum(), points)
    return values.detach(), gradient.nan_to_num(0, 0, 0)


def in_tuples(points: Tensor, n_points: int) -> Tensor:
    """(B P, ...) to (B, P, ...)."""
    return points.reshape(-1, n_points, *points.shape[1:])


def distance(x1: Tensor, x2: Tensor) -> Tensor:
    """||x1 - x2|| of each item, (B,), or 0 where rounding would be much of it."""
    length = norm(x1 - x2)
    return torch.where(length > torch.finfo(x1.dtype).eps ** 0.5 * (norm(x1) + norm(x2)), length, 0)
