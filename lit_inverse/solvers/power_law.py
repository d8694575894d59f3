"""Images as Gaussian fields with a power law as spectrum: the linear estimate that needs nothing but y."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lit_inverse.bases import DCT
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.krylov import CGStep, cg_steps, column, last
from lit_inverse.seeding import generator
from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.solution import Solution, Status, Trace

_N_PROBES = 16  # for the trace of A C A^H, of which a tenth more or less does not matter


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
        if not (power > 0 and max_iter >= 1):
            raise ValueError(f"power is {power} and max_iter {max_iter}, expected power > 0 and max_iter >= 1")
        self.power, self.max_iter = power, max_iter

    def check(self, operator: Operator) -> None:
        """Refuses, with a ValueError, an operator that is not linear."""
        if not isinstance(operator, LinearOperator):
            raise ValueError(f"{type(operator).__name__} is not linear, which a power law as prior needs")

    def given(self, r: Tensor, operator: Operator, sigma: Tensor) -> "Posterior":
        """What r (B, *out_shape) says about x (B, *in_shape), with sigma (B,) of the noise."""
        assert isinstance(operator, LinearOperator)  # checked
        return Posterior(self, r, operator, sigma)

    def variances(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """The diagonal of C, (H, W) or (n,)."""
        sides = shape[-2:]
        squares = torch.zeros((), dtype=like.real.dtype, device=like.device)
        for side in sides:
            k = torch.arange(side, dtype=like.real.dtype, device=like.device) * (max(sides) / side)
            squares = squares[..., None] + k.square()
        return (1 + squares) ** (-self.power / 2)


class Posterior:
    """x given r = A x + eta."""

    def __init__(self, field: PowerLawField, r: Tensor, operator: LinearOperator, sigma: Tensor) -> None:
        self.field, self.operator = field, operator
        self.basis, self.variances = DCT(operator.in_shape, r), field.variances(operator.in_shape, r)
        excess = (r.abs().square().flatten(1).sum(1) - sigma.square() * operator.m).clamp_min(0)
        self.rho = torch.zeros_like(excess)  # sigma^2 / s
        if bool((sigma > 0).any()):
            self.rho = torch.where(excess > 0, sigma.square() * self._trace() / excess, 0)
        self.r = column((excess > 0).to(r.real.dtype), r) * r
        self.tolerance = torch.finfo(r.dtype).eps ** 0.5

    def steps(self) -> Iterator[CGStep]:
        """Towards w."""
        return cg_steps(self._gram, self.r, self.field.max_iter, self.tolerance)

    def image(self, w: Tensor) -> Tensor:
        """C A^H w."""
        back = self.operator.adjoint(w)
        return (
            torch.complex(self._times_c(back.real), self._times_c(back.imag))
            if back.is_complex()
            else self._times_c(back)
        )

    def _times_c(self, x: Tensor) -> Tensor:
        return self.basis.synthesis(self.variances * self.basis.analysis(x))

    def mean(self) -> Tensor:
        """E[x | r]."""
        return self.image(last(self.steps()).x)

    def _gram(self, w: Tensor) -> Tensor:
        product: Tensor = self.operator(self.image(w))
        return product + column(self.rho, w) * w

    def _trace(self) -> Tensor:
        """tr(A C A^H), (1,) or (B,), estimated from fixed draws."""
        source, shape = generator(0), (self.operator.n_items or 1, *self.operator.in_shape)
        total = self.variances.new_zeros(shape[0])
        for _ in range(_N_PROBES):
            z = torch.randn(shape[1:], generator=source, dtype=torch.float32).to(self.variances).expand(shape)
            draw = self.operator(self.basis.synthesis(self.variances.sqrt() * z))
            total = total + draw.abs().square().flatten(1).sum(1)
        return total / _N_PROBES


class PowerLaw(Solver):
    """The linear estimate of least mean square error of an image with a power law as spectrum (`PowerLawField`).

    A baseline without training or choices but the power, which is what others have to beat. The mean of the prior is
    the middle of the value range.

    Args:
        power: of the spectrum.
        max_iter: largest number of steps of conjugate gradients.

    The history's "residual" is relative to y.

    Raises:
        ValueError: when a number is out of its range or A is not linear.
    """

    def __init__(self, power: float = 3.0, max_iter: int = 2000) -> None:
        self.field = PowerLawField(power, max_iter)

    def check(self, operator: Operator) -> None:
        self.field.check(operator)

    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        middle = 0.0 if value_range is None else (value_range[0] + value_range[1]) / 2
        start = torch.full((len(y), *operator.in_shape), middle, dtype=y.real.dtype, device=y.device)
        posterior = self.field.given(y - operator(start), operator, sigma)
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
