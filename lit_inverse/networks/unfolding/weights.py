"""Weights that come from A alone: of least coherence with it, and of a symmetric product with it."""

import torch
from torch import Tensor


def analytic_weight(a: Tensor) -> Tensor:
    """W = argmin ||W^T A||_F^2 subject to w_i^T a_i = 1 for each column (Liu et al. 2019, ALISTA); (m, n).

    The columns are independent of each other, and w_i = (A A^T)^-1 a_i / (a_i^T (A A^T)^-1 a_i).

    Args:
        a: (m, n), of full row rank.

    Raises:
        ValueError: when A has not full row rank.
    """
    _check_rank(a)
    factor = torch.linalg.cholesky(a @ a.mT)
    solved = torch.cholesky_solve(a, factor)
    return solved / (a * solved).sum(0)


def coherence(w: Tensor, a: Tensor) -> Tensor:
    """max over i != j of |w_i^T a_j|."""
    return (w.mT @ a).fill_diagonal_(0).abs().amax()


def symmetric_weight(a: Tensor) -> Tensor:
    """W = M A, (m, n), with a symmetric W^T A = A^T M A of unit diagonal and least ||W^T A||_F, M positive definite.

    Chen et al. 2021 (HyperLISTA), who write M = G^T G, seek D = G A with unit columns and least ||D^T D - I||_F
    and find it by gradient descent. In M the problem is a least-squares one with linear constraints a_i^T M a_i = 1.
    With multipliers lam, A (A^T M A - I - diag(lam)) A^T = 0, so that

        M = A^+T diag(v) A^+,   v = 1 + lam,   and   (P * P) v = 1,   P = A^+ A,

    by the constraints, * being the entrywise product: one linear system for v.

    Args:
        a: (m, n), of full row rank.

    Raises:
        ValueError: when A has not full row rank, P * P is singular, or M not positive definite, as may be when A is
            ill-conditioned.
    """
    _check_rank(a)
    pinv = torch.linalg.pinv(a)
    projection = pinv @ a
    v, info = torch.linalg.solve_ex(projection.square(), torch.ones_like(a[0]))
    m = pinv.mT * v @ pinv
    if info or torch.linalg.cholesky_ex(m).info:
        raise ValueError(f"A of shape {tuple(a.shape)} has no symmetric weight: take the analytic one")
    weight: Tensor = m @ a
    return weight


def _check_rank(a: Tensor) -> None:
    if torch.linalg.matrix_rank(a) < len(a):
        raise ValueError(f"A of shape {tuple(a.shape)} has not full row rank, expected independent rows")
