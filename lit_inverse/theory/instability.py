"""How unstable a reconstruction is: the worst that small changes of y do to x_hat (Antun et al. 2020)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lit_inverse.intervals import t_interval
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import norm, reals
from lit_inverse.seeding import source_of
from lit_inverse.settings import positive
from lit_inverse.solvers.spectral.flattened import Flattened
from lit_inverse.theory.estimate import Estimate
from lit_inverse.theory.worst_directions import Effort, Tried, normal_like, worst_directions

Reconstruct = Callable[[Tensor], Tensor]  # y (K, *out_shape) -> x_hat (K, *in_shape), each as if it were alone

_LEAST = 10  # times the rounding of y: smaller perturbations are not what they are meant to be


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
        return self.of(moved) / norm(moved.detach() - self.y)[:, None]


def instability(
    reconstruct: Reconstruct,
    y: Tensor,
    x: Tensor,
    operator: Operator,
    size: float = 0.01,
    detail: float = 0.1,
    n_kernel: int = 8,
    effort: Effort = Effort(),  # noqa: B008 (frozen)
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
    x_hat has the shape of x. All are lower bounds of a worst case, "floor" of that of rounding, but for "random". See
    the survey of Scarlett et al. 2022, Sec. V; Antun et al. 2020; Gottschling et al. 2020.

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
        ValueError: a size is not positive or below what rounding of y leaves of it, or y or x is 0.
    """
    check_sizes(y.dtype, size=size, detail=detail)
    length, w_length = size * float(torch.linalg.vector_norm(y)), detail * float(torch.linalg.vector_norm(x))
    positive(length_of_e=length, length_of_w=w_length)
    change = Change(reconstruct, y, length)
    source = source_of(seed, "instability")
    random = _random(effort.directions, change, source)
    weakest = weakest_directions(operator, y, n_kernel)
    tried = Tried.of(change, random if weakest is None else torch.cat([random, weakest.left]))
    found = {"random": _mean(tried.sizes[: len(random)])}
    if weakest is not None:
        found["kernel"] = Estimate(float(tried.sizes[len(random) :].max()), "lower", n=len(weakest.left))
    tried = worst_directions(change, tried, effort, source, change.differentiable)
    found["adversarial"] = Estimate(float(tried.sizes.max()), "lower", n=len(tried.sizes))
    if weakest is not None and change.x_hat.shape == operator.in_shape:
        w = w_length * weakest.right
        left_out = change.of(y + operator(w)).detach() - reals(w)
        found["detail"] = Estimate(float(norm(left_out).max()) / w_length, "lower", n=len(w))
    again = change.of(y.expand(2, *y.shape))[1:].detach()
    return found | {"floor": Estimate(float(norm(again)) / length, "lower")}


def check_sizes(dtype: torch.dtype, **sizes: float) -> None:
    """Refuses sizes relative to y that are not positive, or of which rounding leaves little in y's precision."""
    positive(**sizes)
    least = _LEAST * torch.finfo(dtype).eps
    for name, size in sizes.items():
        if size < least:
            raise ValueError(f"{name} is {size:g}, expected at least {least:.1g}: {dtype} rounds away what is smaller")


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


def _mean(drawn: Tensor) -> Estimate:
    """Of values (n,), with its 95 % t-interval."""
    mean = float(drawn.mean())
    return Estimate(mean, "mean", t_interval(drawn.tolist())[1] - mean, len(drawn))


def _random(number: int, change: Change, source: torch.Generator) -> Tensor:
    return normalize(normal_like((number, change.n), change.y.real, source), dim=1)


def _depends_on(found: Tensor, y: Tensor) -> bool:
    """Whether autograd leads from one to the other: weights that were fitted may require gradients too."""
    return torch.autograd.grad(reals(found).sum(), y, allow_unused=True)[0] is not None
