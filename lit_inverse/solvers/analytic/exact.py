"""x(B) in closed form."""

from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.solvers.analytic.form import Datum, Evaluation, Form


class Exact(Form):
    """x(B) = M^-1 B^H y with M = B^H B + alpha I, for R = 1/2 ||x||^2 (Dittmer et al. 2020, eq. 4.11).

    With w = M^-1 A^H (A x - y) the gradient of F is

        dF = (y - B x) w^H - B w x^H,

    derived anew: M dx = dB^H (y - B x) - B^H dB x by differentiation of M x = B^H y, and dF = <A^H (A x - y), dx>. The
    gradient printed in the paper (eq. 4.15, 5.14, 5.16) lets factors commute that do not, and is right for y along one
    singular vector only. One Cholesky factorisation of size min(m, n) for each item and B.
    """

    def start(self, datum: Datum) -> Callable[[Tensor], Evaluation]:
        a, y, alpha = datum.a, datum.y[..., None], datum.alpha

        def evaluate(b: Tensor) -> Evaluation:
            inverse = _Inverse(b, alpha)
            x = inverse.of_adjoint(y)
            rest = a @ x - y
            w = inverse(a.mH @ rest)
            gradient = (y - b @ x) @ w.mH - b @ w @ x.mH
            return Evaluation(x[..., 0], rest.abs().square().sum((1, 2)) / 2, gradient)

        return evaluate


class _Inverse:
    """M^-1 = (B^H B + alpha I)^-1 of B (B, m, n), through K = B B^H + alpha I where that is smaller.

    A factor that does not exist, as of a B that is not finite, becomes NaN: no exception.
    """

    def __init__(self, b: Tensor, alpha: float) -> None:
        self.b, self.alpha, self.wide = b, alpha, b.shape[1] < b.shape[2]
        gram = b @ b.mH if self.wide else b.mH @ b
        gram.diagonal(dim1=1, dim2=2).add_(alpha)
        factor, failed = torch.linalg.cholesky_ex(gram)
        self.factor = torch.where(failed.view(-1, 1, 1) > 0, torch.nan, factor)

    def __call__(self, v: Tensor) -> Tensor:
        """M^-1 v, (B, n, 1)."""
        if not self.wide:
            return torch.cholesky_solve(v, self.factor)
        return (v - self.b.mH @ torch.cholesky_solve(self.b @ v, self.factor)) / self.alpha

    def of_adjoint(self, y: Tensor) -> Tensor:
        """M^-1 B^H y = B^H K^-1 y, (B, n, 1)."""
        return self.b.mH @ torch.cholesky_solve(y, self.factor) if self.wide else self(self.b.mH @ y)
