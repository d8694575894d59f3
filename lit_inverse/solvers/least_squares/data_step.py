"""The data step of splitting methods: the x that agrees with y and is near v."""

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Matrix
from lit_inverse.operators.base import Index, item_numbers
from lit_inverse.operators.composition import OnReals, Scaled
from lit_inverse.solvers.least_squares.gram_inverse import GramInverse, gram_inverse


class DataStep:
    """x = argmin 1/2 ||A x - y||^2 + rho/2 ||x - v||^2 = v + (A^H A + rho I)^-1 A^H (y - A v), for each item.

    What does not depend on v and rho is done once: a given matrix is decomposed, A A^H = U diag(w) U^H (or A^H A, the
    smaller one), and serves every rho after that. Rows that are orthogonal and of one norm (Fourier, inpainting, ...),
    circular blur, downsampling and integration have a closed form. All else is solved by conjugate gradients, to a
    relative residual of 1e-10 (10 eps in float32), from the last x on.

    Args:
        operator: A, shared or one per item. For real x and complex y take `A.on_reals()`.
        y: (B, *out_shape).
    """

    def __init__(self, operator: LinearOperator, y: Tensor) -> None:
        simple, self._y, self._gain = _simplified(operator, y, 1.0)
        self._inverse: GramInverse = gram_inverse(simple, self._y)
        self._last: Tensor | None = None

    def __call__(self, v: Tensor, rho: Tensor) -> Tensor:
        """The minimiser x, (B, *in_shape).

        Args:
            v: (B, *in_shape).
            rho: (B,), > 0.
        """
        guess = None if self._last is None else self._last - v
        self._last = v + self._inverse(self._y - self._inverse.operator(v), rho / self._gain, guess)
        return self._last

    def divergence(self, rho: Tensor) -> Tensor:
        """tr(rho (A^H A + rho I)^-1) / n, the mean derivative of x by v, (B,) for rho (B,).

        Exact where the data step has a closed form or A is a decomposed matrix. Elsewhere it is estimated, once for
        all rho, by Lanczos quadrature from random signs of a fixed seed.
        """
        values, weights = self._inverse.spectrum
        rho = rho.view(-1, 1) / self._gain
        divergence: Tensor = (weights * rho / (values + rho)).sum(1)
        return divergence

    def take(self, index: Index) -> "DataStep":
        """The data step of the selected items."""
        items = item_numbers(index).to(self._y.device)
        taken = DataStep.__new__(DataStep)
        taken._y, taken._gain = self._y[items], self._gain
        taken._inverse = self._inverse.take(items)
        taken._last = None if self._last is None else self._last[items]
        return taken


def _simplified(operator: LinearOperator, y: Tensor, gain: float) -> tuple[LinearOperator, Tensor, float]:
    """A', y', g with gain ||A x - y||^2 = g ||A' x - y'||^2 + const, without factors and, where it can, OnReals."""
    inner = operator.operator if isinstance(operator, OnReals) else operator
    if isinstance(inner, Scaled) and inner.factor:
        scaled = inner.operator if inner is operator else inner.operator.on_reals()
        return _simplified(scaled, y / inner.factor, gain * abs(inner.factor) ** 2)
    if inner is operator:
        return operator, y, gain
    if not inner(y.real.new_zeros(inner.n_items or 1, *inner.in_shape)).is_complex():
        return _simplified(inner, y.real, gain)  # the imaginary part of y is out of reach
    if isinstance(inner, Matrix):
        return _real_rows(inner), _parts(y), gain
    return operator, y, gain


def _real_rows(operator: Matrix) -> Matrix:
    """Of a complex matrix the real one of 2 m rows whose product with a real x is real and imaginary part of A x."""
    return operator.replaced(torch.cat([operator.matrix.real, operator.matrix.imag], -2), operator.in_shape)


def _parts(y: Tensor) -> Tensor:
    return torch.cat([y.real, y.imag], 1) if y.is_complex() else torch.cat([y, torch.zeros_like(y)], 1)
