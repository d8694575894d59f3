"""Images as Gaussian fields with a power law as spectrum: the linear estimate that needs nothing but y."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lit_inverse.bases import DCT
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column, on_parts
from lit_inverse.operators.krylov import CGStep, cg_steps, last
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status

_N_LOW = 512  # coefficients in the preconditioner, which has m k entries per A
_MAX_ENTRIES = 1 << 28  # at most: fewer coefficients where there are very many measurements
_BLOCK = 64  # images measured at once
_N_PROBES = 8  # for a trace over thousands of coefficients of like variance


class PowerLawField:
    """x ~ N(0, s C), C diagonal in the orthonormal DCT with variances (1 + |k|^2)^(-power / 2), s unknown.

    k is the frequency in half periods per longer side of the image. The power spectra of natural images fall as
    |k|^-2 (Field 1987), those of smoother ones faster. From r = A x + eta, eta of standard deviation sigma,

        E[x | r] = C A^H w,   (A C A^H + (sigma^2 / s) I) w = r

    (kriging; the linear estimate of least mean square error), with the s of s tr(A C A^H) + m sigma^2 = ||r||^2, and
    x = 0 where noise alone is as large as r. w is found by conjugate gradients: A and A^H are only applied.

    Args:
        power: of the spectrum, > 0.
        max_iter: largest number of steps, which end at a relative residual of sqrt(eps) of the precision.

    Raises:
        ValueError: when a number is out of its range.
    """

    def __init__(self, power: float = 3.0, max_iter: int = 2000) -> None:
        positive(power=power)
        at_least_1(max_iter=max_iter)
        self.power, self.max_iter = power, max_iter

    def given(self, r: Tensor, operator: Operator, sigma: Tensor) -> "Posterior":
        """What r (B, *out_shape) says about x (B, *in_shape), with sigma (B,) of the noise."""
        return Posterior(self, r, require_linear(operator), sigma)

    def variances(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """The diagonal of C, (H, W) or (n,)."""
        sides = shape[-2:]
        squares = torch.zeros((), dtype=like.real.dtype, device=like.device)
        for side in sides:
            k = torch.arange(side, dtype=like.real.dtype, device=like.device) * (max(sides) / side)
            squares = squares[..., None] + k.square()
        return (1 + squares) ** (-self.power / 2)


class Posterior:
    """x given r = A x + eta.

    The coefficients of largest variance, L, are what makes A C A^H ill-conditioned. With U = A C_L^(1/2), (m, k), it is
    U U^H + A C_H A^H, whose second part is near tau I, and (U U^H + tau I)^-1 is the preconditioner.
    """

    def __init__(self, field: PowerLawField, r: Tensor, operator: LinearOperator, sigma: Tensor) -> None:
        self.field, self.operator, self.tolerance = field, operator, torch.finfo(r.dtype).eps ** 0.5
        self.basis, self.variances = DCT(operator.in_shape, r), field.variances(operator.in_shape, r)
        self.u, trace_high = self._split()
        excess = (r.abs().square().flatten(1).sum(1) - sigma.square() * operator.m).clamp_min(0)
        trace = trace_high + self.u.abs().square().sum((1, 2))
        # of complex noise, the part that a real x has to do with has half the variance
        share = 0.5 if r.is_complex() and not operator.adjoint(r).is_complex() else 1.0
        self.rho = torch.where(excess > 0, share * sigma.square() * trace / excess, 0)  # sigma^2 / s
        self.r = column((excess > 0).to(r.real.dtype), r) * r
        tau = self.rho + trace_high / operator.m
        # (U U^H + tau I)^-1 = (I - U (U^H U + tau I)^-1 U^H) / tau, a difference that needs double precision
        tau = torch.where(trace > 0, torch.maximum(tau, 1e-8 * trace / operator.m), 1)
        self.u, self.tau = self.u.to(torch.promote_types(r.dtype, torch.float64)), tau.double().view(-1, 1, 1)
        small = self.u.mH @ self.u
        self.inverse = torch.linalg.inv(small + self.tau * torch.eye(small.shape[-1]).to(small))

    def steps(self) -> Iterator[CGStep]:
        """Towards w."""
        return cg_steps(self._gram, self.r, self.field.max_iter, self.tolerance, self._precondition)

    def image(self, w: Tensor) -> Tensor:
        """C A^H w."""
        x = self.operator.adjoint(w)
        return on_parts(self._times_c, x)

    def mean(self) -> Tensor:
        """E[x | r]."""
        return self.image(last(self.steps()).x)

    def _times_c(self, x: Tensor) -> Tensor:
        return self.basis.synthesis(self.variances * self.basis.analysis(x))

    def _gram(self, w: Tensor) -> Tensor:
        product: Tensor = self.operator(self.image(w))
        return product + column(self.rho, w) * w

    def _precondition(self, r: Tensor) -> Tensor:
        flat = r.flatten(1)[..., None].to(self.u)  # (B, m, 1)
        low = self.u @ (self.inverse @ (self.u.mH @ flat))
        preconditioned: Tensor = (flat - low) / self.tau
        return preconditioned.view_as(r).to(r.dtype)

    def _split(self) -> tuple[Tensor, Tensor]:
        """U (1 or B, m, k) and tr(A C_H A^H), (1,) or (B,), the latter estimated from fixed draws."""
        operator, shape = self.operator, self.operator.in_shape
        deviations = self.variances.sqrt().expand(shape).flatten()
        n_items = operator.n_items or 1
        k = min(_N_LOW, operator.n, operator.m, max(1, _MAX_ENTRIES // (operator.m * n_items)))
        order = deviations.argsort(descending=True, stable=True)
        columns = []
        for chosen in torch.split(order[:k], _BLOCK):
            z = torch.zeros(len(chosen), operator.n).to(deviations)
            z[torch.arange(len(chosen)), chosen] = deviations[chosen]
            columns.append(self._measured(z, n_items))
        deviations[order[:k]] = 0
        draws = torch.randn(_N_PROBES, operator.n, generator=generator(0), dtype=torch.float32).to(deviations)
        trace_high = self._measured(draws * deviations, n_items).abs().square().sum(1).mean(1)
        return torch.cat(columns, 2), trace_high

    def _measured(self, z: Tensor, n_items: int) -> Tensor:
        """A of the images with coefficients z (k, n): (n_items, m, k)."""
        x = self.basis.synthesis(z.view(-1, *self.operator.in_shape))
        operator = self.operator.take(torch.arange(n_items).repeat_interleave(len(x)))
        measured: Tensor = operator(x.repeat(n_items, *[1] * (x.ndim - 1)))
        return measured.view(n_items, len(x), -1).mT


class PowerLaw(Solver):
    """The linear estimate of least mean square error of an image with a power law as spectrum (`PowerLawField`).

    A baseline without training or choices but the power, which is what others have to beat. The mean of the prior is
    the middle of the value range.

    Args:
        power: of the spectrum.
        max_iter: largest number of steps of conjugate gradients.

    The history's "residual" is that of the equations for w, relative to their right-hand side.

    Raises:
        ValueError: when a number is out of its range or A is not linear.
    """

    stable = True

    def __init__(self, power: float = 3.0, max_iter: int = 2000) -> None:
        positive(power=power)
        at_least_1(max_iter=max_iter)
        self.power, self.max_iter = power, max_iter

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)

    def _solve(self, given: Given) -> Solution:
        y, operator, trace = given.y, given.operator, given.trace
        middle = 0.0 if given.value_range is None else sum(given.value_range) / 2
        start = torch.full((len(y), *operator.in_shape), middle, dtype=y.real.dtype, device=y.device)
        field = PowerLawField(self.power, self.max_iter)
        posterior = field.given(y - operator(start), operator, given.sigma)
        residuals = []
        for number, step in enumerate(posterior.steps()):
            residuals.append(step.residual)
            if number in trace:
                trace.record(number, start + posterior.image(step.x))
        x = start + posterior.image(step.x)
        converged = (step.residual <= posterior.tolerance).tolist()
        return Solution(
            x=x,
            status=[Status.CONVERGED if one else Status.MAX_ITER for one in converged],
            n_iter=step.n_steps,
            history={"residual": torch.stack(residuals)},
            iterates=trace.stack(x),
        )
