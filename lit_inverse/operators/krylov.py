"""What can be found out about a linear operator by applying it: its norm, and solutions of its equations."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

_CHECK = 10  # steps of conjugate gradients between two looks at the residuals


class Applied(Protocol):
    """As much of a LinearOperator as is needed to find its norm."""

    n_items: int | None
    in_shape: tuple[int, ...]

    @property
    def n(self) -> int: ...
    @property
    def like(self) -> Tensor: ...
    def normal(self, x: Tensor) -> Tensor: ...


def lanczos_norm(operator: Applied, n_steps: int) -> Tensor:
    """Square root of the largest Ritz value of A^H A after n_steps from a fixed start, () or (B,)."""
    source = torch.Generator().manual_seed(0)
    start = torch.randn((1, *operator.in_shape), generator=source, dtype=torch.float32).to(operator.like)
    v = start.expand(operator.n_items or 1, *operator.in_shape)
    v = v / column(_norm(v), v)
    v_old, beta = torch.zeros_like(v), v.new_zeros(len(v))
    diagonal, off_diagonal = [], []
    for _ in range(min(n_steps, operator.n)):
        w = operator.normal(v) - column(beta, v) * v_old
        alpha = _dot(v, w)
        w = w - column(alpha, v) * v
        beta = _norm(w)
        diagonal.append(alpha)
        off_diagonal.append(beta)
        v_old, v = v, w / column(beta.clamp_min(torch.finfo(beta.dtype).tiny), w)
    tridiagonal = torch.diag_embed(torch.stack(diagonal, -1))
    side = torch.diag_embed(torch.stack(off_diagonal[:-1], -1), offset=1) if len(diagonal) > 1 else 0.0
    # eigvalsh reads the lower triangle; the transpose of the upper diagonal lies there.
    ritz = torch.linalg.eigvalsh((tridiagonal + side).mT.double().cpu())[..., -1].to(operator.like)
    norm: Tensor = ritz.clamp_min(0).sqrt()
    return norm if operator.n_items else norm[0]


def conjugate_gradients(product: Callable[[Tensor], Tensor], b: Tensor, max_iter: int = 2000) -> Tensor:
    """x with M x = b for each item of a batch, M Hermitian, positive semidefinite, and b in its range.

    Hestenes and Stiefel 1952, from x = 0. An item stands still once ||b - M x|| <= 10 eps ||b||; all stop at max_iter.

    Args:
        product: v -> M v, both of the shape of b.
        b: (B, ...).
        max_iter: largest number of steps.
    """
    x, r = torch.zeros_like(b), b
    p, r_r = r, _dot(r, r)
    goal = (10 * torch.finfo(b.dtype).eps) ** 2 * r_r
    for k in range(max_iter):
        if k % _CHECK == 0 and bool((r_r <= goal).all()):
            break
        m_p = product(p)
        curvature = _dot(p, m_p)
        alpha = column(torch.where((r_r > goal) & (curvature > 0), r_r / curvature, 0), b)
        x, r = x + alpha * p, r - alpha * m_p
        r_r, old = _dot(r, r), r_r
        p = r + column(torch.where(old > 0, r_r / old, 0), b) * p
    return x


def column(scalars: float | Tensor, like: Tensor) -> float | Tensor:
    """Numbers of the items, (B,) or a single one, so that they multiply a (B, ...) batch."""
    return scalars.view(-1, *[1] * (like.ndim - 1)) if isinstance(scalars, Tensor) else scalars


def _dot(a: Tensor, b: Tensor) -> Tensor:
    dot: Tensor = (a.conj() * b).real.flatten(1).sum(1)
    return dot


def _norm(v: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(v.flatten(1), dim=1)
    return norm
