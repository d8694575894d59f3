"""What spectral methods see of A and y."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.flattened import Flattened
from lit_inverse.solvers.spectral.golub_kahan import golub_kahan


@dataclass(frozen=True)
class SingularSystem:
    """sigma_i, <y, u_i> and v_i, where A = sum_i sigma_i u_i v_i^H, of a batch; singular values of 0 are left out.

    Attributes:
        sigma: (1 or B, k), in falling order; 0 stands for those that are left out.
        coefficients: (B, k), of y.
        rest: (B,), the square of what y has beside the u_i.
        vectors: (1 or B, k, n), the v_i, in the precision of y.
        n_rows: number of u in all, with those of singular value 0.
        n_steps: of the bidiagonalisation; None when all is exact.
    """

    sigma: Tensor
    coefficients: Tensor
    rest: Tensor
    vectors: Tensor
    n_rows: int
    n_steps: int | None = None

    def response(self, family: Filter, alpha: Tensor) -> Tensor:
        """F(sigma_i), (B, k), for alpha (B,); 0 where sigma_i = 0."""
        return torch.where(self.sigma > 0, family.response(self.sigma, alpha[:, None]), 0)

    def gains(self, family: Filter, alpha: Tensor) -> Tensor:
        """F(sigma_i) / sigma_i, (B, k)."""
        return torch.where(self.sigma > 0, self.response(family, alpha) / self.sigma, 0)

    def residual(self, family: Filter, alpha: Tensor) -> Tensor:
        """||A x - y||^2, (B,)."""
        damped = (1 - self.response(family, alpha)) * self.coefficients.abs()
        return damped.square().sum(1) + self.rest

    def size(self, family: Filter, alpha: Tensor) -> Tensor:
        """||x||^2, (B,)."""
        return (self.gains(family, alpha) * self.coefficients.abs()).square().sum(1)

    def signals(self, family: Filter, alpha: Tensor) -> Tensor:
        """x, (B, n), in the precision of y."""
        weights = (self.gains(family, alpha) * self.coefficients).to(self.vectors.dtype)
        return (weights[:, None] @ self.vectors)[:, 0]

    def thresholds(self, number: int) -> Tensor:
        """Geometrically from the smallest to the largest sigma_i, (number, B)."""
        largest = self.sigma.amax(1)
        smallest = torch.where(self.sigma > 0, self.sigma, largest[:, None]).amin(1)
        share = torch.linspace(0, 1, number, dtype=self.sigma.dtype, device=self.sigma.device)[:, None]
        least = torch.finfo(self.sigma.dtype).tiny  # where A is 0
        return (smallest.clamp_min(least) ** (1 - share) * largest.clamp_min(least) ** share).expand(
            -1, len(self.coefficients)
        )


def singular_system(operator: LinearOperator, y: Tensor, max_iter: int) -> SingularSystem:
    """Exact for matrices, and operators shared by all items, of at most 2^22 entries and 1024 singular values.

    Of all else at most max_iter steps of Golub-Kahan bidiagonalisation from y, whose singular values stand for those of
    A: exact when the Krylov space is complete, else the better the smoother F(sigma) / sigma is. Decomposed in float64,
    but on devices that have none. What is below rounding error, eps max(rows, n) ||A||, counts as 0.
    """
    a = Flattened(operator, y)
    return _exact(a, y) if a.is_small else _krylov(a, y, min(max_iter, a.n, a.rows))


def _exact(a: Flattened, y: Tensor) -> SingularSystem:
    flat = a.measurements(y)
    u, sigma, vh = torch.linalg.svd(_precise(a.matrix()), full_matrices=False)
    target = _precise(flat)
    coefficients = (target[:, None] @ u.conj())[:, 0]
    rest = target.abs().square().sum(1) - coefficients.abs().square().sum(1)
    vectors = vh.conj().to(flat.dtype)
    sigma = _without_rounding(sigma.view(-1, sigma.shape[-1]), a, flat)
    return SingularSystem(sigma, coefficients, rest.clamp_min(0), vectors.view(-1, *vectors.shape[-2:]), a.rows)


def _krylov(a: Flattened, y: Tensor, n_steps: int) -> SingularSystem:
    flat = a.measurements(y)
    lower, vectors = golub_kahan(a, flat, n_steps)
    p, sigma, qh = torch.linalg.svd(_precise(lower), full_matrices=False)
    length = torch.linalg.vector_norm(_precise(flat), dim=1)
    coefficients = length[:, None] * p[:, 0]
    rest = (length.square() - coefficients.square().sum(1)).clamp_min(0)
    sigma = _without_rounding(sigma, a, flat)
    return SingularSystem(sigma, coefficients, rest, qh.to(vectors.dtype) @ vectors, a.rows, n_steps)


def _precise(x: Tensor) -> Tensor:
    return x if x.device.type == "mps" else x.to(torch.promote_types(x.dtype, torch.float64))


def _without_rounding(sigma: Tensor, a: Flattened, y: Tensor) -> Tensor:
    eps = torch.finfo(y.dtype).eps * max(a.rows, a.n)
    return torch.where(sigma > eps * sigma.amax(1, keepdim=True), sigma, 0)
