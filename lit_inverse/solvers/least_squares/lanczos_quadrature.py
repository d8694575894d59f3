"""Traces of functions of A^H A, from products with A and A^H alone."""

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.operators.items import column, norm
from lit_inverse.seeding import generator

Spectrum = tuple[Tensor, Tensor]

_STEPS = 32
_ENTRIES, _MOST_PROBES = 1 << 14, 64  # of all random vectors together, and their largest number


def lanczos_spectrum(operator: LinearOperator, like: Tensor) -> Spectrum:
    """Values w and weights p, each (1 or B, k), with tr f(A^H A) / n = sum_j p_j f(w_j) about, for smooth f.

    The mean of quadratures from vectors of random signs of a fixed seed: 32 steps of Lanczos from each give the nodes
    w, the eigenvalues of a tridiagonal matrix, and the squares of its eigenvectors' first entries the weights (Ubaru,
    Chen, Saad 2017, Alg. 1). With 2^14 random signs in all the error of a mean of f in [0, 1] is below 1 %.

    Args:
        operator: A.
        like: gives the dtype and device of y.
    """
    n_items, n_probes = operator.n_items or 1, min(max(1, _ENTRIES // operator.n), _MOST_PROBES)
    signs = 2 * torch.randint(0, 2, (n_probes, *operator.in_shape), generator=generator(0), dtype=torch.int8) - 1
    repeated = operator.take(torch.arange(n_items).repeat_interleave(n_probes))
    kind = repeated.adjoint(like.new_zeros(n_items * n_probes, *operator.out_shape)).dtype
    start = signs.to(like.device, kind).repeat(n_items, *[1] * len(operator.in_shape))
    diagonal, side = _lanczos(repeated, start)
    tridiagonal = torch.diag_embed(diagonal) + torch.diag_embed(side, 1) + torch.diag_embed(side, -1)
    values, vectors = torch.linalg.eigh(tridiagonal)
    weights = vectors[:, 0].square() / n_probes
    return values.clamp_min(0).view(n_items, -1), weights.view(n_items, -1)


def _lanczos(operator: LinearOperator, start: Tensor) -> tuple[Tensor, Tensor]:
    """Diagonal (B, k) and side diagonal (B, k - 1) of the tridiagonal matrix of A^H A."""
    v_old, v = torch.zeros_like(start), start / column(norm(start), start)
    diagonal, side = [], [torch.zeros_like(norm(start))]
    for _ in range(min(_STEPS, operator.n)):
        w = operator.normal(v) - column(side[-1], v) * v_old
        diagonal.append((v.conj() * w).real.flatten(1).sum(1))
        w = w - column(diagonal[-1], v) * v
        beta = norm(w)
        # an invariant subspace is complete up to rounding: what follows is cut off
        side.append(torch.where(beta > 1e3 * torch.finfo(beta.dtype).eps * diagonal[0].abs(), beta, 0))
        v_old, v = v, w * column(torch.where(side[-1] > 0, 1 / beta, 0), w)
    return torch.stack(diagonal, 1), torch.stack(side[1:-1], 1)
