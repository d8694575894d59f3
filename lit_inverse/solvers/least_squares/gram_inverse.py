"""(A^H A + rho I)^-1 A^H for changing rho: what can be done once, is."""

import functools
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from lit_inverse.operators import Blur, Downsampling, Fourier, Integration, LinearOperator, Matrix
from lit_inverse.operators.base import Index, item_numbers
from lit_inverse.operators.composition import OnReals
from lit_inverse.operators.items import column, dot, norm
from lit_inverse.operators.krylov import cg_steps
from lit_inverse.operators.precision import at_least_single
from lit_inverse.seeding import generator
from lit_inverse.solvers.least_squares.lanczos_quadrature import Spectrum, lanczos_spectrum

_LARGEST = 8192  # min(m, n) of matrices up to which a decomposition costs less than conjugate gradients at each step
_MAX_STEPS = 2000  # of conjugate gradients
_ACCURACY = 1e-10  # relative residual they go to, or 10 eps where that is more
_CHECK = 10  # steps between two looks at which items are there


class GramInverse(ABC):
    """r -> (A^H A + rho I)^-1 A^H r for the items of a batch, each with its rho.

    Attributes:
        operator: A.
        spectrum: values w (1 or B, k) and weights p (1 or B, k) with tr f(A^H A) / n = sum_j p_j f(w_j).
    """

    operator: LinearOperator
    spectrum: Spectrum

    @abstractmethod
    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        """(B, *in_shape) from r (B, *out_shape) and rho (B,); `guess` is near the answer, where one is known."""

    @abstractmethod
    def take(self, index: Index) -> "GramInverse":
        """That of the selected items."""


def gram_inverse(operator: LinearOperator, like: Tensor) -> GramInverse:
    """The fastest for an operator; `like` gives the dtype and device of r."""
    if isinstance(operator, Matrix) and min(operator.m, operator.n) <= _LARGEST:
        return _Decomposed.of(operator)
    if isinstance(operator, OnReals) and isinstance(operator.operator, Fourier):
        return _RealFourier(operator, _folded_power(operator.operator))
    values = _closed_form_values(operator)
    if values is not None:
        return _ClosedForm(operator, _with_null_space(values, operator.n))
    power = _power_of_rows(operator, like)
    if power is not None:
        of_reals = like.is_complex() and not operator.adjoint(like).is_complex()  # an entry of y is two equations
        return _OrthogonalRows(operator, power, operator.m * (2 if of_reals else 1))
    return _Iterative(operator, like[:0])


class _Decomposed(GramInverse):
    """A matrix: A A^H = U diag(w) U^H, or A^H A where n < m."""

    operator: Matrix

    def __init__(self, operator: Matrix, vectors: Matrix, values: Tensor) -> None:
        self.operator, self.vectors, self.values = operator, vectors, values
        self.spectrum = _with_null_space(values, operator.n)

    @classmethod
    def of(cls, operator: Matrix) -> "_Decomposed":
        a = at_least_single(operator.matrix)
        values, vectors = torch.linalg.eigh(a @ a.mH if operator.m <= operator.n else a.mH @ a)
        if operator.n_items:
            values = values.repeat_interleave(operator.repeats, 0)
        vectors, values = vectors.to(operator.matrix.dtype), values.to(operator.matrix.real.dtype)
        return cls(operator, operator.replaced(vectors), _without_rounding(values.view(-1, values.shape[-1]), a))

    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        # what rounding leaves in the null space is not divided by a small rho
        u, gains = self.vectors, torch.where(self.values > 0, 1 / (self.values + rho.view(-1, 1)), 0)
        if self.operator.m <= self.operator.n:
            return self.operator.adjoint(u(gains * u.adjoint(r)))
        d: Tensor = u(gains * u.adjoint(self.operator.adjoint(r).flatten(1)))
        return d.view(-1, *self.operator.in_shape)

    def take(self, index: Index) -> GramInverse:
        values = self.values[item_numbers(index)] if self.operator.n_items else self.values
        operator, vectors = self.operator.take(index), self.vectors.take(index)
        return _Decomposed(operator, vectors, values)


class _OrthogonalRows(GramInverse):
    """A A^H = c I, c (1,) or (B,), in n_rows equations."""

    def __init__(self, operator: LinearOperator, power: Tensor, n_rows: int) -> None:
        self.operator, self.power, self.n_rows = operator, power, n_rows
        self.spectrum = _with_null_space(power.view(-1, 1), operator.n, n_rows)

    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        return self.operator.adjoint(r / column(self.power + rho, r))

    def take(self, index: Index) -> GramInverse:
        power = self.power[item_numbers(index)] if self.operator.n_items else self.power
        return _OrthogonalRows(self.operator.take(index), power, self.n_rows)


class _ClosedForm(GramInverse):
    """An operator shared by all items that knows (A A^H + rho I)^-1."""

    def __init__(self, operator: LinearOperator, spectrum: Spectrum) -> None:
        self.operator, self.spectrum = operator, spectrum

    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        return self.operator.adjoint(self.operator.solve_gram(r, rho))

    def take(self, index: Index) -> GramInverse:
        return self


class _RealFourier(GramInverse):
    """Coefficients of real images: Re(A^H A) is circular convolution, whose transform (1 or B, 1, H, W) is given."""

    def __init__(self, operator: OnReals, power: Tensor) -> None:
        self.operator, self.power = operator, power
        values = power.flatten(1)
        self.spectrum = values, torch.full_like(values[:1], 1 / values.shape[1])

    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        b = self.operator.adjoint(r)
        # b has no part where the power is 0: what rounding leaves there is not divided by a small rho
        gains = torch.where(self.power > 0, 1 / (self.power + column(rho, b)), 0)
        d: Tensor = torch.fft.ifft2(gains * torch.fft.fft2(b)).real
        return d

    def take(self, index: Index) -> GramInverse:
        power = self.power[item_numbers(index)] if self.operator.n_items else self.power
        operator = self.operator.take(index)
        assert isinstance(operator, OnReals)
        return _RealFourier(operator, power)


class _Iterative(GramInverse):
    """Any operator, by conjugate gradients; `like` has the dtype and device of r."""

    def __init__(self, operator: LinearOperator, like: Tensor) -> None:
        self.operator, self.like = operator, like

    @functools.cached_property
    def spectrum(self) -> Spectrum:  # type: ignore[override]
        return lanczos_spectrum(self.operator, self.like)

    def __call__(self, r: Tensor, rho: Tensor, guess: Tensor | None) -> Tensor:
        b = self.operator.adjoint(r)
        start = torch.zeros_like(b) if guess is None else guess

        def product(d: Tensor) -> Tensor:
            return self.operator.normal(d) + column(rho, d) * d

        rest = b - product(start)
        eps = torch.finfo(b.dtype).eps
        goal = max(_ACCURACY, 10 * eps) * norm(b) / norm(rest).clamp_min(torch.finfo(b.dtype).tiny)
        d, reached = torch.zeros_like(b), goal < 0  # none
        for k, step in enumerate(cg_steps(product, rest, _MAX_STEPS, 10 * eps)):
            d = torch.where(column(reached, d), d, step.x)
            reached = reached | (step.residual <= goal)
            if k % _CHECK == 0 and bool(reached.all()):
                break
        return start + d

    def take(self, index: Index) -> GramInverse:
        taken = _Iterative(self.operator.take(index), self.like)
        if "spectrum" in self.__dict__:
            items = item_numbers(index) if self.operator.n_items else slice(None)
            taken.spectrum = self.spectrum[0][items], self.spectrum[1][items]
        return taken


def _without_rounding(values: Tensor, a: Tensor) -> Tensor:
    """Eigenvalues (B, k) of a Gram matrix of a (..., m, n) with 0 for those that are 0 but for rounding.

    Rounding leaves .5 to 5 eps of the largest where min(m, n) is 20 to 700. sqrt(max(m, n)) eps is above that, and
    below the smallest of a nearly square Gaussian matrix: 1200 eps for 750 x 784.
    """
    share = torch.finfo(a.dtype).eps * max(a.shape[-2:]) ** 0.5
    return torch.where(values > share * values.amax(1, keepdim=True), values, 0)


def _closed_form_values(operator: LinearOperator) -> Tensor | None:
    """The values of A A^H, each as often as it occurs, (1, k), for operators with a closed solve_gram."""
    match operator:
        case Blur(boundary="circular"):
            power = operator.transfer.abs().square()
            mirrored = power[:, 1 : (operator.in_shape[2] + 1) // 2]  # of a real kernel, not stored
            return torch.cat([power, mirrored], 1).repeat(operator.in_shape[0], 1).view(1, -1)
        case Downsampling():
            return operator.power.repeat(operator.in_shape[0], 1).view(1, -1)
        case Integration():
            return operator.singular_system(operator.like)[1].square().view(1, -1)
        case _:
            return None


def _power_of_rows(operator: LinearOperator, y: Tensor) -> Tensor | None:
    """c (1,) or (B,) where A A^H = c I, as seen from random vectors; None where that is not so."""
    shape = (operator.n_items or 1, *operator.out_shape)
    t = torch.randn(shape, generator=generator(0), dtype=torch.complex64)
    t = (t if y.is_complex() else t.real).to(y)
    image = operator(operator.adjoint(t))
    power = dot(t, image) / norm(t).square()
    error = norm(image - column(power, t) * t) / norm(t)
    exact = error <= 100 * torch.finfo(error.dtype).eps * power
    return power if bool((exact & (power > 0)).all()) else None


def _folded_power(operator: Fourier) -> Tensor:
    """Of Re(A^H A) x for real x: half of the mask and of the mask of the opposite frequencies, (1 or B, 1, H, W)."""
    mask = torch.fft.ifftshift(operator.mask, dim=(-2, -1)).to(operator.like)
    opposite = mask.flip((-2, -1)).roll((1, 1), (-2, -1))
    folded: Tensor = (operator.gain**2 / 2 * (mask + opposite)).view(-1, 1, *mask.shape[-2:])
    return folded


def _with_null_space(values: Tensor, n: int, times: int = 1) -> Spectrum:
    """The spectrum of A^H A from values of A A^H or A^H A that all occur so many times; the others are 0."""
    weights = torch.full_like(values[:1], times / n)
    zero = torch.zeros_like(values[:, :1])
    return torch.cat([values, zero], 1), torch.cat([weights, 1 - weights.sum(1, keepdim=True)], 1)
