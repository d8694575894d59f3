"""How unstable a reconstruction is: the worst that small changes of y do to x_hat (Antun et al. 2020)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import reals
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.spectral.flattened import Flattened
from lit_inverse.theory.estimate import Estimate

Reconstruct = Callable[[Tensor], Tensor]  # y (K, *out_shape) -> x_hat (K, *in_shape), each as if it were alone

_N_SIGMA = 1.96  # half width of a 95 % interval
_SAME = 1e-2  # relative singular value below which directions count as dependent
_EVOLVED = 4  # dimension of the subspace in which the search ends


@dataclass(frozen=True)
class Effort:
    """How hard the worst direction is searched for.

    Attributes:
        directions: perturbations of a round, all reconstructed in one call.
        rounds: number of calls. A linear reconstruction is exhausted when directions * (rounds - 1) exceeds the number
            of real numbers in y by a few.
        steps: of gradient ascent from each direction of the first round, where autograd passes the reconstruction.
    """

    directions: int = 24
    rounds: int = 4
    steps: int = 25

    def __post_init__(self) -> None:
        at_least_1(directions=self.directions, rounds=self.rounds, steps=self.steps)


class Change:
    """u -> (x_hat(y + e) - x_hat(y)) / ||e|| for e of one length along u, in real numbers.

    Args:
        reconstruct: deterministic: what it draws must depend neither on y nor on the place in the batch.
        y: (*out_shape).
        length: ||e||.
    """

    def __init__(self, reconstruct: Reconstruct, y: Tensor, length: float) -> None:
        self.reconstruct, self.y, self.length = reconstruct, y, length
        with torch.enable_grad():
            y = y[None].clone().requires_grad_()
            found = reconstruct(y)
            self.differentiable = found.requires_grad and _depends_on(found, y)
        self.x_hat = found[0].detach()

    @property
    def n(self) -> int:
        """Real numbers in y."""
        return reals(self.y[None]).shape[1]

    def of(self, y: Tensor) -> Tensor:
        """x_hat(y) - x_hat of the unperturbed, (K, N), for y (K, *out_shape)."""
        return reals(self.reconstruct(y) - self.x_hat)

    def __call__(self, directions: Tensor) -> Tensor:
        """(K, N) for unit vectors (K, n); e counts as it is after rounding."""
        e = self.length * directions
        e = torch.view_as_complex(e.reshape(len(e), -1, 2)) if self.y.is_complex() else e
        moved = self.y + e.view(-1, *self.y.shape)
        return self.of(moved) / _norms(reals(moved.detach() - self.y))[:, None]


def instability(
    reconstruct: Reconstruct,
    y: Tensor,
    x: Tensor,
    operator: Operator,
    size: float = 0.01,
    detail: float = 0.1,
    n_kernel: int = 8,
    effort: Effort = Effort(),
    seed: int = 0,
) -> dict[str, Estimate]:
    """Amplifications ||x_hat(y + e) - x_hat(y)|| / ||e|| found at ||e|| = size ||y||, of several kinds of e.

    "random": mean over directions drawn uniformly. "kernel": the worst of the left singular vectors of A's smallest
    singular values, where y tells least of x. "adversarial": the worst of all that were tried, by `worst_directions`
    too. "detail": the worst ||x_hat(y + A w) - x_hat(y) - w|| / ||w|| for w, ||w|| = detail ||x||, along the right
    singular vectors of the same singular values: 0 where x_hat follows a change of x, 1 where it does not move, as for
    any w in the kernel of A, more where it makes something else of it. "floor": the amplification without an e, of the
    same y at another place of the batch: of chaotic solvers, what of the other kinds is not the doing of e.

    "kernel" and "detail" are there for linear A of which the matrix is formed (at most 2^22 entries); "detail" where
    x_hat has the shape of x. All are lower bounds of the worst case, but for "random" and "floor". See the survey of
    Scarlett et al. 2022, Sec. V; Antun et al. 2020; Gottschling et al. 2020.

    Args:
        reconstruct: see `Change`.
        y: (*out_shape), of x, with its noise.
        x: (*in_shape), for its size.
        operator: A, shared, or of one item.
        size: of e, relative to y.
        detail: of w, relative to x.
        n_kernel: number of singular values.
        effort: of the search.
        seed: of the directions.

    Raises:
        ValueError: a size is not positive, or y or x is 0.
    """
    length, w_length = size * float(torch.linalg.vector_norm(y)), detail * float(torch.linalg.vector_norm(x))
    positive(size=size, detail=detail, length_of_e=length, length_of_w=w_length)
    change = Change(reconstruct, y, length)
    source = source_of(seed, "instability")
    random = _random(effort.directions, change, source)
    weakest = weakest_directions(operator, y, n_kernel)
    tried = Tried.of(change, random if weakest is None else torch.cat([random, weakest.left]))
    drawn = tried.sizes[: len(random)]
    error = _N_SIGMA * float(drawn.std()) / math.sqrt(len(drawn)) if len(drawn) > 1 else math.inf
    found = {"random": Estimate(float(drawn.mean()), "mean", error, len(drawn))}
    if weakest is not None:
        found["kernel"] = Estimate(float(tried.sizes[len(random) :].max()), "lower", n=len(weakest.left))
    tried = worst_directions(change, tried, effort, source)
    found["adversarial"] = Estimate(float(tried.sizes.max()), "lower", n=len(tried.sizes))
    if weakest is not None and change.x_hat.shape == operator.in_shape:
        w = w_length * weakest.right
        left_out = change.of(y + operator(w)) - reals(w)
        found["detail"] = Estimate(float(_norms(left_out).max()) / w_length, "lower", n=len(w))
    again = change.of(y.expand(2, *y.shape))[1:]
    return found | {"floor": Estimate(float(_norms(again)) / length, "exact")}


@dataclass(frozen=True)
class Weakest:
    """Singular vectors of A's smallest singular values but 0.

    Attributes:
        sigma: (k,), in falling order.
        left: (k, n), unit vectors, in the real numbers of y.
        right: (k, *in_shape), of unit length.
    """

    sigma: Tensor
    left: Tensor
    right: Tensor


def weakest_directions(operator: Operator, y: Tensor, number: int) -> Weakest | None:
    """The directions of y (*out_shape) that tell least of x; None where A is not linear or large."""
    if not isinstance(operator, LinearOperator):
        return None
    a = Flattened(operator, y[None])
    if not a.is_small:
        return None
    u, sigma, vh = torch.linalg.svd(a.matrix().reshape(a.rows, a.n), full_matrices=False)
    rank = int((sigma > torch.finfo(sigma.dtype).eps * max(a.rows, a.n) * sigma[0]).sum())
    kept = slice(max(0, rank - number), rank)
    return Weakest(sigma[kept], reals(u[:, kept].mT), vh[kept].conj().reshape(-1, *operator.in_shape))


@dataclass(frozen=True)
class Tried:
    """Perturbations that were tried: unit vectors (K, n), and what they change, (K, N)."""

    directions: Tensor
    changes: Tensor

    @classmethod
    def of(cls, change: Change, directions: Tensor) -> "Tried":
        return cls(directions, change(directions).detach())

    @property
    def sizes(self) -> Tensor:
        """Amplifications, (K,)."""
        return _norms(self.changes)

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


def worst_directions(change: Change, tried: Tried, effort: Effort, source: torch.Generator) -> Tried:
    """Those tried, and `rounds - 1` rounds of others, ever worse.

    Where autograd passes the reconstruction, the fixed-point iteration e <- length * grad / ||grad|| of
    ||x_hat(y + e) - x_hat(y)||^2, which is power iteration with J^T J for a linear map. Otherwise finite differences:
    every round tries, with both signs, the worst direction of a linear map that agrees with all that is known, and new
    directions orthogonal to them, by which the known part grows; the last one evolves the worst found within the span
    of the four worst of such a map.
    """
    if change.differentiable:
        return tried + Tried.of(change, _ascent(change, tried.directions, effort.steps))
    for number in range(1, effort.rounds):
        leading = tried.leading()
        guess = leading[:1]
        left = max(0, effort.directions - 2)
        fresh = _orthogonal(leading, left if number < effort.rounds - 1 else 0, source)
        evolved = _evolved(tried, leading[:_EVOLVED], left - len(fresh), source)
        tried = tried + Tried.of(change, torch.cat([guess, -guess, fresh, evolved]))
    return tried


def _ascent(change: Change, directions: Tensor, steps: int) -> Tensor:
    for _ in range(steps):
        with torch.enable_grad():
            u = directions.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(change(u).square().sum(), u)
        directions = normalize(gradient, dim=1)
    return directions


def _orthogonal(basis: Tensor, number: int, source: torch.Generator) -> Tensor:
    """Unit vectors orthogonal to each other and to an orthonormal basis (r, n), at most `number` and n - r."""
    number = min(number, basis.shape[1] - len(basis))
    drawn = _normal((number, basis.shape[1]), basis, source)
    for _ in range(2):  # once more for what rounding leaves
        drawn = drawn - drawn @ basis.mT @ basis
    orthonormal: Tensor = torch.linalg.qr(drawn.mT)[0].mT
    return orthonormal


def _evolved(tried: Tried, subspace: Tensor, number: int, source: torch.Generator) -> Tensor:
    """The worst direction so far, moved within a subspace by about its own length or less."""
    best = tried.directions[tried.sizes.argmax()]
    spread = torch.linspace(0.1, 1, max(1, number), dtype=best.dtype, device=best.device)[:number, None]
    moves = _normal((number, len(subspace)), best, source) / math.sqrt(len(subspace))
    return normalize(best + spread * moves @ subspace, dim=1)


def _random(number: int, change: Change, source: torch.Generator) -> Tensor:
    return normalize(_normal((number, change.n), change.y.real, source), dim=1)


def _normal(shape: tuple[int, int], like: Tensor, source: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=source, dtype=torch.float32).to(like)


def _norms(rows: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(rows, dim=1)
    return norms


def _depends_on(found: Tensor, y: Tensor) -> bool:
    """Whether autograd leads from one to the other: weights that were fitted may require gradients too."""
    return torch.autograd.grad(reals(found).sum(), y, allow_unused=True)[0] is not None
