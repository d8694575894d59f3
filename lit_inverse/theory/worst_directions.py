"""The directions in which a nearly linear map amplifies most, found from few values of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lit_inverse.operators.items import norm
from lit_inverse.settings import at_least_1

Map = Callable[[Tensor], Tensor]  # unit vectors (K, n) to (K, N)

_SAME = 1e-2  # relative singular value below which directions count as dependent
_EVOLVED = 4  # dimension of the subspace in which the search ends


@dataclass(frozen=True)
class Effort:
    """How hard the worst direction is searched for.

    Attributes:
        directions: of a round, all in one call of the map.
        rounds: number of calls. A linear map is exhausted when directions * (rounds - 1) exceeds n by a few.
        steps: of gradient ascent from each direction of the first round, where autograd passes the map.
    """

    directions: int = 24
    rounds: int = 4
    steps: int = 25

    def __post_init__(self) -> None:
        at_least_1(directions=self.directions, rounds=self.rounds, steps=self.steps)


@dataclass(frozen=True)
class Tried:
    """Perturbations that were tried: unit vectors (K, n), and what they change, (K, N)."""

    directions: Tensor
    changes: Tensor

    @classmethod
    def of(cls, change: Map, directions: Tensor) -> "Tried":
        return cls(directions, change(directions).detach())

    @property
    def sizes(self) -> Tensor:
        """Amplifications, (K,)."""
        return norm(self.changes)

    def __add__(self, other: "Tried") -> "Tried":
        return Tried(
            torch.cat([self.directions, other.directions]),
            torch.cat([self.changes, other.changes]),
        )

    def leading(self) -> Tensor:
        """Orthonormal directions (r, n) of the span of those tried, by the amplification that a linear map has there.

        With U = W S V^T the directions, the map takes the rows of V^T to S^-1 W^T times the changes; its singular
        vectors, in falling order, are combinations of them.
        """
        w, s, vt = torch.linalg.svd(self.directions, full_matrices=False)
        kept = s > _SAME * s[0]
        answers = (w[:, kept] / s[kept]).mT @ self.changes
        by_amplification: Tensor = torch.linalg.eigh(answers @ answers.mT)[1].flip(1)
        leading: Tensor = by_amplification.mT @ vt[kept]
        return leading


def worst_directions(
    change: Map, tried: Tried, effort: Effort, source: torch.Generator, differentiable: bool = False
) -> Tried:
    """Those tried, and `rounds - 1` rounds of others, ever worse.

    Of a differentiable map, the fixed-point iteration u <- grad / ||grad|| of ||change(u)||^2, which is power iteration
    with J^T J for a linear one; where the gradient is 0, u stays. Otherwise from values alone: every round tries, with
    both signs, the worst direction of a linear map that agrees with all that is known, and new directions orthogonal to
    them, by which the known part grows; the last one evolves the worst found within the span of the four worst of such
    a map.

    Args:
        change: unit vectors (K, n) to what is to be large, (K, N), linear or nearly so.
        tried: at least one.
        effort: how hard.
        source: of new directions.
        differentiable: whether autograd passes the map.
    """
    if differentiable:
        return tried + Tried.of(change, _ascent(change, tried.directions, effort.steps))
    for number in range(1, effort.rounds):
        leading = tried.leading()
        guess = leading[:1]
        left = max(0, effort.directions - 2)
        fresh = _orthogonal(leading, left if number < effort.rounds - 1 else 0, source)
        evolved = _evolved(tried, leading[:_EVOLVED], left - len(fresh), source)
        tried = tried + Tried.of(change, torch.cat([guess, -guess, fresh, evolved]))
    return tried


def _ascent(change: Map, directions: Tensor, steps: int) -> Tensor:
    for _ in range(steps):
        with torch.enable_grad():
            u = directions.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(change(u).square().sum(), u)
        length = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        directions = torch.where(length > torch.finfo(length.dtype).tiny, gradient / length, directions)
    return directions


def _orthogonal(basis: Tensor, number: int, source: torch.Generator) -> Tensor:
    """Unit vectors orthogonal to each other and to an orthonormal basis (r, n), at most `number` and n - r."""
    number = min(number, basis.shape[1] - len(basis))
    drawn = normal_like((number, basis.shape[1]), basis, source)
    for _ in range(2):  # once more for what rounding leaves
        drawn = drawn - drawn @ basis.mT @ basis
    orthonormal: Tensor = torch.linalg.qr(drawn.mT)[0].mT
    return orthonormal


def _evolved(tried: Tried, subspace: Tensor, number: int, source: torch.Generator) -> Tensor:
    """The worst direction so far, moved within a subspace by about its own length or less."""
    best = tried.directions[tried.sizes.argmax()]
    spread = torch.linspace(0.1, 1, max(1, number), dtype=best.dtype, device=best.device)[:number, None]
    moves = normal_like((number, len(subspace)), best, source) / math.sqrt(len(subspace))
    return normalize(best + spread * moves @ subspace, dim=1)


def normal_like(shape: tuple[int, int], like: Tensor, source: torch.Generator) -> Tensor:
    """Standard normal numbers in the precision and on the device of another tensor."""
    return torch.randn(shape, generator=source, dtype=torch.float32).to(like)
