"""Golub-Kahan bidiagonalisation."""

import torch
from torch import Tensor

from lit_inverse.operators.items import column, norm
from lit_inverse.solvers.spectral.flattened import Flattened


def golub_kahan(a: Flattened, y: Tensor, n_steps: int) -> tuple[Tensor, Tensor]:
    """A V = U L with orthonormal U, the first of them y / ||y||, and V, and L lower bidiagonal (Golub and Kahan 1965).

    Every vector is made orthogonal to all before it. An item whose Krylov space is complete goes on with zeros, of
    which the last entry of its L is then one.

    Args:
        a: A.
        y: (B, rows).
        n_steps: k.

    Returns:
        L (B, k + 1, k), real, and V^T (B, k, n).
    """
    lower = y.real.new_zeros(len(y), n_steps + 1, n_steps)
    us, vs = y.new_zeros(len(y), n_steps + 1, a.rows), y.new_zeros(len(y), n_steps, a.n)
    largest = torch.zeros_like(norm(y))
    us[:, 0] = _direction(y, norm(y))
    for k in range(n_steps):
        vs[:, k], lower[:, k, k], largest = _next(a.adjoint(us[:, k]), vs[:, :k], largest)
        us[:, k + 1], lower[:, k + 1, k], largest = _next(a(vs[:, k]), us[:, : k + 1], largest)
    return lower, vs


def _next(vector: Tensor, basis: Tensor, largest: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The direction of what is left of a vector (B, n), its length, and the largest length so far, (B,) each.

    A length of 0 but for rounding is 0, and so is the direction then.
    """
    left = _orthogonal(vector, basis)
    length = norm(left)
    largest = torch.maximum(largest, length)
    length = torch.where(length > 100 * torch.finfo(length.dtype).eps * largest, length, 0)
    return _direction(left, length), length, largest


def _direction(vector: Tensor, length: Tensor) -> Tensor:
    """vector / length, or 0 where the length is 0."""
    return vector * column(torch.where(length > 0, 1 / length, 0), vector)


def _orthogonal(vector: Tensor, basis: Tensor) -> Tensor:
    """What is left of a vector (B, n) when its parts along orthonormal rows (B, k, n) are taken from it, twice."""
    for _ in range(2):
        vector = vector - ((basis.conj() @ vector[..., None]).mT @ basis)[:, 0]
    return vector
