"""Affine estimates, the best ones for signals of a given mean and covariance."""

import torch
from torch import Tensor


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (n,) and covariance (n, n) of signals (B, n), in float64."""
    x = x.double()
    mean = x.mean(0)
    return mean, (x - mean).T @ (x - mean) / len(x)


def affine_estimate(y: Tensor, matrix: Tensor, mean: Tensor, covariance: Tensor, sigma: float) -> Tensor:
    """The affine x_hat of least E ||x_hat - x||^2, (B, n), from y = A x + eta, eta ~ N(0, sigma^2 I).

    mean + C A^T (A C A^T + sigma^2 I)^-1 (y - A mean).

    Args:
        y: (B, m).
        matrix: A, (m, n).
        mean: of x, (n,).
        covariance: C, (n, n).
        sigma: of eta, > 0 where A C A^T is singular.
    """
    a = matrix.double()
    cross = a @ covariance
    gram = cross @ a.T + sigma**2 * torch.eye(len(a), dtype=torch.float64)
    x_hat: Tensor = mean + torch.linalg.solve(gram, (y.double() - mean @ a.T).T).T @ cross
    return x_hat


def principal_estimate(x: Tensor, mean: Tensor, covariance: Tensor, m: int) -> Tensor:
    """The projection of x (B, n) onto the m largest principal components.

    The best that an affine decoder makes of any m noise-free measurements; others may do better.
    """
    largest = torch.linalg.eigh(covariance).eigenvectors[:, -m:]
    x_hat: Tensor = mean + (x.double() - mean) @ largest @ largest.T
    return x_hat
