"""What can be found out about a linear operator by applying it: its norm, and solutions of its equations."""

import collections
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lit_inverse.operators.items import column, dot, n_reals, norm, rms

if TYPE_CHECKING:
    from lit_inverse.operators.base import LinearOperator

_CHECK = 10  # steps of conjugate gradients between two looks at the residuals


def lanczos_norm(operator: "LinearOperator", n_steps: int) -> Tensor:
    """Square root of the largest Ritz value of A^H A after n_steps from a fixed start, () or (B,)."""
    source = torch.Generator().manual_seed(0)
    start = torch.randn((1, *operator.in_shape), generator=source, dtype=torch.float32).to(operator.like)
    v = start.expand(operator.n_items or 1, *operator.in_shape)
    v = v / column(norm(v), v)
    v_old, beta = torch.zeros_like(v), v.new_zeros(len(v))
    diagonal, off_diagonal = [], []
    for _ in range(min(n_steps, operator.n)):
        w = operator.normal(v) - column(beta, v) * v_old
        alpha = dot(v, w)
        w = w - column(alpha, v) * v
        beta = norm(w)
        diagonal.append(alpha)
        off_diagonal.append(beta)
        v_old, v = v, w / column(beta.clamp_min(torch.finfo(beta.dtype).tiny), w)
    tridiagonal = torch.diag_embed(torch.stack(diagonal, -1))
    side = torch.diag_embed(torch.stack(off_diagonal[:-1], -1), offset=1) if len(diagonal) > 1 else 0.0
    # eigvalsh reads the lower triangle; the transpose of the upper diagonal lies there.
    ritz = torch.linalg.eigvalsh((tridiagonal + side).mT.double().cpu())[..., -1].to(operator.like)
    norms: Tensor = ritz.clamp_min(0).sqrt()
    return norms if operator.n_items else norms[0]


class CGStep(NamedTuple):
    """An iterate x (B, ...), the relative residuals ||b - M x|| / ||b|| (B,), and the steps taken (B,)."""

    x: Tensor
    residual: Tensor
    n_steps: Tensor


def conjugate_gradients(product: Callable[[Tensor], Tensor], b: Tensor, max_iter: int = 2000) -> Tensor:
    """x with M x = b for each item of a batch, to a relative residual of 10 eps or after max_iter steps."""
    return last(cg_steps(product, b, max_iter, 10 * torch.finfo(b.dtype).eps)).x


def last(steps: Iterator[CGStep]) -> CGStep:
    """The step at which they end."""
    (step,) = collections.deque(steps, maxlen=1)
    return step


def cg_steps(
    product: Callable[[Tensor], Tensor],
    b: Tensor,
    max_iter: int,
    tolerance: float,
    precondition: Callable[[Tensor], Tensor] = lambda r: r,
) -> Iterator[CGStep]:
    """Towards x with M x = b, for each item of a batch; M is Hermitian, positive semidefinite, and b in its range.

    Hestenes and Stiefel 1952, from x = 0, which is the first yielded. An item stands still once its relative residual
    is at most `tolerance`; it ends when all stand still, seen at every 10th step, or after max_iter. Residuals are kept
    in units of about ||b||, for each item: b may be as small or large as its type allows, its square need not be in it.

    Args:
        product: v -> M v, both of the shape of b.
        b: (B, ...).
        max_iter: largest number of steps.
        tolerance: of the relative residual.
        precondition: r -> P r with P near the inverse of M, Hermitian, positive definite.
    """
    unit = _power_of_2(rms(b) * n_reals(b) ** 0.5)
    x, r = torch.zeros_like(b), b / column(unit, b)
    p = z = precondition(r)
    r_r, r_z = dot(r, r), dot(r, z)
    b_b, n_steps = r_r, torch.zeros_like(r_r, dtype=torch.int64)
    least = torch.finfo(b_b.dtype).tiny
    goal = tolerance**2 * b_b
    going = r_r > goal
    for k in range(max_iter + 1):
        yield CGStep(x, (r_r / b_b.clamp_min(least)).sqrt(), n_steps)
        if k == max_iter or (k % _CHECK == 0 and not bool(going.any())):
            break
        m_p = product(p)
        curvature = dot(p, m_p)
        going = going & (curvature > least)
        alpha = torch.where(going, r_z / curvature, 0)
        x, r, n_steps = x + column(unit * alpha, b) * p, r - column(alpha, b) * m_p, n_steps + going
        z = precondition(r)
        r_r, r_z, old = dot(r, r), dot(r, z), r_z
        going = going & (r_r > goal)
        p = z + column(torch.where(old > 0, r_z / old, 0), b) * p


def _power_of_2(size: Tensor) -> Tensor:
    """Near each size (B,), by which nothing is rounded; 1 where it is 0 or not finite."""
    return torch.where((size > 0) & torch.isfinite(size), size.log2().round().exp2(), 1)
