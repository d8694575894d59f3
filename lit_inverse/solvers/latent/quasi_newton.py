"""L-BFGS of F independent searches in lock-step."""

from collections import deque

import torch
from torch import Tensor

from lit_inverse.operators.items import column, dot, norm
from lit_inverse.solvers.latent.following import Objective, Point

_TRIALS = 6  # step lengths 1, 1/4, ..., 1/1024
_ARMIJO = 1e-4


class LBFGS:
    """The two-loop recursion (Nocedal and Wright 2006, Algorithm 7.4) with backtracking to sufficient decrease.

    Every search has its own inner products and step lengths, chosen among powers of 1/4 without asking the device: all
    trials are evaluated. A search none of whose trials decreases its objective stays, and forgets its past, so that
    its next direction is the gradient. Pairs of no positive curvature are left out.

    Args:
        objective: of each search.
        first_length: of the first step at most, in units of the variable, when no curvature is known yet.
        memory: number of pairs.
    """

    def __init__(self, objective: Objective, first_length: float, memory: int = 10) -> None:
        self.objective, self.first_length = objective, first_length
        self.pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=memory)  # s, r, 1 / <s, r>, or 0 for none
        self.before: tuple[Tensor, Tensor] | None = None

    def __call__(self, point: Point, loss: Tensor) -> Point:
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        with torch.no_grad():
            return (self._step(point[0].detach(), loss.detach(), gradient),)

    def _step(self, z: Tensor, loss: Tensor, gradient: Tensor) -> Tensor:
        if self.before is not None:
            self._learn(z - self.before[0], gradient - self.before[1])
        self.before = z, gradient
        direction = self._direction(gradient)
        slope = dot(gradient, direction)
        best, found = z, torch.zeros_like(loss, dtype=torch.bool)
        for power in range(_TRIALS):
            length = 0.25**power
            trial = z + length * direction
            accepted = ~found & (self.objective((trial,)) <= loss + _ARMIJO * length * slope)
            best, found = torch.where(column(accepted, z), trial, best), found | accepted
        self.pairs = deque(((s, r, torch.where(found, rho, 0)) for s, r, rho in self.pairs), self.pairs.maxlen)
        return best

    def _learn(self, s: Tensor, r: Tensor) -> None:
        curvature = dot(s, r)
        useful = curvature > torch.finfo(s.dtype).eps * norm(s) * norm(r)
        self.pairs.append((s, r, torch.where(useful, 1 / curvature, 0)))

    def _direction(self, gradient: Tensor) -> Tensor:
        """- H gradient, H the approximate inverse Hessian of each search."""
        q, weights = gradient, []
        for s, r, rho in reversed(self.pairs):
            weights.append(rho * dot(s, q))
            q = q - column(weights[-1], r) * r
        scale = self.first_length / norm(gradient).clamp_min(self.first_length)
        for s, r, rho in self.pairs:  # the latest pair that counts
            scale = torch.where(rho > 0, dot(s, r) / dot(r, r), scale)
        q = column(scale, q) * q
        for (s, r, rho), weight in zip(self.pairs, reversed(weights), strict=True):
            q = q + column(weight - rho * dot(r, q), s) * s
        return -q
