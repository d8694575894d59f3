"""What spectral methods see of A and y."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.solvers.least_squares.lanczos_quadrature import Spectrum, lanczos_spectrum
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.flattened import Flattened
from lit_inverse.solvers.spectral.golub_kahan import golub_kahan
from lit_inverse.solvers.spectral.precise import precise

_ROUNDING = 100  # eps: values of a bidiagonalisation so small count as 0, values so close as equal


@dataclass(frozen=True)
class SingularSystem:
    """sigma_i, <y, u_i> and v_i, where A = sum_i sigma_i u_i v_i^H, of a batch; singular values of 0 are left out.

    Attributes:
        sigma: (1 or B, k), in falling order; 0 stands for those that are left out.
        levels: the same, but equal to the last bit where they are equal but for rounding: what filters see.
        coefficients: (B, k), of y.
        rest: (B,), the square of what y has beside the u_i.
        vectors: (1 or B, k, n), the v_i, in the precision of y.
        n_rows: number of u in all, with those of singular value 0.
        complete: bool (B,), whether all that is to be known of y is in it.
        n_steps: of the bidiagonalisation; None when all is exact.
        spectrum: finds values s and weights p, (1 or B, k), with sum F(sigma_i) = sum_j p_j F(s_j) about, over all i;
            None when sigma has all.
    """

    sigma: Tensor
    levels: Tensor
    coefficients: Tensor
    rest: Tensor
    vectors: Tensor
    n_rows: int
    complete: Tensor
    n_steps: int | None = None
    spectrum: Callable[[], Spectrum] | None = None

    def response(self, family: Filter, alpha: Tensor) -> Tensor:
        """F(sigma_i), (B, k), for alpha (B,); 0 where sigma_i = 0."""
        return torch.where(self.levels > 0, family.response(self.levels, alpha[:, None]), 0)

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

    def free(self, family: Filter, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """sum_i 1 - F(sigma_i) and sum_i (1 - F(sigma_i))^2 over all n_rows u_i, (B,) each.

        Estimates where not all sigma_i were found.
        """
        if self.spectrum is None:
            damped, others = 1 - self.response(family, alpha), self.n_rows - self.sigma.shape[1]
            return damped.sum(1) + others, damped.square().sum(1) + others
        values, weights = self._spectrum
        damped = torch.where(values > 0, 1 - family.response(values, alpha[:, None]), 1)
        return (weights * (damped - 1)).sum(1) + self.n_rows, (weights * (damped.square() - 1)).sum(1) + self.n_rows

    @functools.cached_property
    def _spectrum(self) -> Spectrum:
        assert self.spectrum is not None
        return self.spectrum()

    @property
    def smallest(self) -> Tensor:
        """The smallest sigma_i > 0, (1 or B,); 0 where A is 0."""
        return torch.where(self.levels > 0, self.levels, self.levels.amax(1, keepdim=True)).amin(1)

    def thresholds(self, number: int, margin: float = 1.0) -> Tensor:
        """Geometrically from `margin` times the smallest to the largest sigma_i, (number, B)."""
        least = torch.finfo(self.levels.dtype).tiny  # where A is 0
        largest, smallest = self.levels.amax(1).clamp_min(least), (margin * self.smallest).clamp_min(least)
        share = torch.linspace(0, 1, number, dtype=largest.dtype, device=largest.device)[:, None]
        between = torch.minimum(smallest ** (1 - share) * largest**share, largest)  # rounding may be above
        return between.expand(-1, len(self.coefficients))


def singular_system(operator: LinearOperator, y: Tensor, max_iter: int) -> SingularSystem:
    """Exact for matrices, and operators shared by all items, of at most 2^22 entries and 1024 singular values.

    Of all else at most max_iter steps of Golub-Kahan bidiagonalisation from y, whose singular values stand for those of
    A: exact when the Krylov space is complete, else the better the smoother F(sigma) / sigma is. Decomposed in float64,
    but on devices that have none. What is below rounding error, eps max(rows, n) ||A||, or 100 eps ||A|| of a
    bidiagonalisation, counts as 0. For filters, singular values that follow on one another by no more than 100 eps of
    themselves are equal: rounding alone would tell which of them TSVD keeps.
    """
    a = Flattened(operator, y)
    return _exact(a, y) if a.is_small else _krylov(a, y, min(max_iter, a.n, a.rows))


def _exact(a: Flattened, y: Tensor) -> SingularSystem:
    flat = a.measurements(y)
    parts = torch.linalg.svd(precise(a.matrix()), full_matrices=False)
    u, sigma, vh = (part.repeat_interleave(a.repeats, 0) if a.repeats > 1 else part for part in parts)
    target = precise(flat)[:, None]
    coefficients = target @ u.conj()
    # as a difference of squares it would be lost to rounding
    rest = (target - coefficients @ u.mT if a.rows > a.n else 0 * target).abs().square().sum((1, 2))
    eps = torch.finfo(flat.dtype).eps
    sigma = _without_rounding(sigma.view(-1, sigma.shape[-1]), eps * max(a.rows, a.n))
    levels = torch.where(sigma > 0, _levelled(sigma, _ROUNDING * eps), 0)
    vectors = vh.conj().to(flat.dtype).view(-1, *vh.shape[-2:])
    complete = torch.ones_like(rest, dtype=torch.bool)
    return SingularSystem(sigma, levels, coefficients[:, 0], rest, vectors, a.rows, complete)


def _krylov(a: Flattened, y: Tensor, n_steps: int) -> SingularSystem:
    flat = a.measurements(y)
    lower, vectors = golub_kahan(a, flat, n_steps)
    p, sigma, qh = torch.linalg.svd(precise(lower))
    coefficients = torch.linalg.vector_norm(precise(flat), dim=1, keepdim=True) * p[:, 0]
    sigma = _without_rounding(sigma, _ROUNDING * torch.finfo(flat.dtype).eps)
    return SingularSystem(
        sigma,
        sigma,
        coefficients[:, :-1],
        rest=coefficients[:, -1].square(),
        vectors=qh.to(vectors.dtype) @ vectors,
        n_rows=a.rows,
        complete=(lower[:, -1, -1] == 0) | (n_steps == min(a.rows, a.n)),
        n_steps=n_steps,
        spectrum=lambda: _all_values(a),
    )


def _all_values(a: Flattened) -> Spectrum:
    """Singular values, and how many each stands for."""
    squares, weights = (precise(part) for part in lanczos_spectrum(a.operator, a.like))
    return _without_rounding(squares, _ROUNDING * torch.finfo(a.dtype).eps).sqrt(), a.n * weights


def _without_rounding(values: Tensor, share: float) -> Tensor:
    """(B, k) with 0 in place of what is at most this share of the largest."""
    return torch.where(values > share * values.amax(1, keepdim=True), values, 0)


def _levelled(sigma: Tensor, share: float) -> Tensor:
    """sigma (B, k) in falling order, where those that follow by less than this share have the value of the first."""
    apart = torch.ones_like(sigma, dtype=torch.bool)
    apart[:, 1:] = sigma[:, 1:] < (1 - share) * sigma[:, :-1]
    first = torch.where(apart, torch.arange(sigma.shape[1], device=sigma.device), 0).cummax(1).values
    return sigma.gather(1, first)
