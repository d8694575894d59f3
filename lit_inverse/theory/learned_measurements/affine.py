"""The best affine estimates, in closed form."""

import torch
from torch import Tensor


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (n,) and covariance (n, n) of signals (B, n), in float64."""
    x = x.double()
    mean = x.mean(0)
    return mean, (x - mean).T @ (x - mean) / len(x)


def affine_error(matrix: Tensor, covariance: Tensor, sigma: float) -> float:
    """E ||x_hat - x||^2 / n of the best affine x_hat of y = A x + eta, eta ~ N(0, sigma^2 I).

    trace(C - C A^T (A C A^T + sigma^2 I)^-1 A C) / n.

    Args:
        matrix: A, (m, n).
        covariance: C, (n, n).
        sigma: of eta, > 0 where A C A^T is singular.
    """
    a = matrix.double()
    cross = a @ covariance
    gram = cross @ a.T + sigma**2 * torch.eye(len(a), dtype=torch.float64)
    explained = (cross * torch.linalg.solve(gram, cross)).sum()
    return float((covariance.trace() - explained) / len(covariance))


def principal_error(covariance: Tensor, m: int) -> float:
    """The least of all m noise-free measurements: what the m largest principal components leave, over n."""
    return float(torch.linalg.eigvalsh(covariance)[:-m].clamp_min(0).sum() / len(covariance))
