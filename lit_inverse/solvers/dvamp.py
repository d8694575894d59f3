"""D-VAMP: vector approximate message passing with a denoiser."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from lit_inverse.denoisers import BM3D, Denoiser
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.krylov import column
from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.column_norm import column_norm
from lit_inverse.solvers.data_step import DataStep
from lit_inverse.solvers.divergence import ProbedDenoiser, ready, real_parts
from lit_inverse.solvers.message_passing import Messages, check_images, check_settings, pass_messages, rms
from lit_inverse.solvers.solution import Solution, Trace

_GREY_LEVELS = (0.0, 255.0)
_LEAST_RHO = 1e-6  # in units of the mean eigenvalue of A A^H: single precision resolves no less


class DVAMP(Solver):
    """Denoising-based vector approximate message passing (Schniter, Rangan, Fletcher 2016, Asilomar, Alg. 1).

    Data and denoiser take turns. Each is given x plus white noise, r with variance v, makes a better estimate of it,
    and hands on what is new in that; a is the mean derivative of an estimate by its r. From r2 = 0,

        x2 = argmin ||A x - y||^2 / (2 sigma^2) + ||x - r2||^2 / (2 v2)
        r1 = (x2 - a2 r2) / (1 - a2),   v1 = v2 a2 / (1 - a2)
        x  = D(r1; sqrt(v1)),   a1 = div D / n
        r2 = (x - a1 r1) / (1 - a1).

    In the limit of large dimensions this is right for any singular values of A, if its right singular vectors are as
    good as drawn at random: ill-conditioned matrices, random rows of a fast transform of signals with random signs.
    (`DAMP` is right for independent entries.) Fourier coefficients of images are no such measurements.

    Deviations: v2 is not v1 a1 / (1 - a1) but what the data say of r2, (||y - A r2||^2 - m sigma^2) / ||A||_F^2, as the
    divergence of BM3D, measured with one probe, is too noisy to be multiplied up; a1 is clipped.

    The denoiser's value range is the solver's, as in `DAMP`, complex numbers count as pairs of reals, and for real x
    and complex y take `A.on_reals()`. Unlike `DAMP` it uses sigma.

    Args:
        denoiser: D; BM3D with profile "lc", in grey levels 0 to 255, by default.
        damping: weight of the new r2, in (0, 1], against the old one; 1 for none.
        box: whether x is clipped to the value range of the denoiser; x is then real.
        max_divergence: a1 is clipped to [0, max_divergence], < 1.
        probe_step: size of the step by which div D is measured, relative to the largest entry of r1.
        max_iter: number of iterations.

    The history of a Solution has one row per iteration: "sigma", sqrt(v1), "divergence", a1 before it is clipped, and
    "residual", ||A x - y|| / ||y||. Divergence is found, and answered with the x of least residual, as in `DAMP`.

    Raises:
        ValueError: when a setting is impossible, A is not linear, or x is no image that the denoiser takes.
    """

    def __init__(
        self,
        denoiser: Denoiser | None = None,
        damping: float = 1.0,
        box: bool = False,
        max_divergence: float = 0.95,
        probe_step: float = 1e-3,
        max_iter: int = 30,
    ) -> None:
        check_settings(damping, max_divergence, probe_step, max_iter)
        if max_divergence >= 1:
            raise ValueError(f"max_divergence is {max_divergence}, expected a number below 1")
        self.denoiser = BM3D("lc", _GREY_LEVELS) if denoiser is None else denoiser
        self.native_range = self.denoiser.value_range
        self.damping, self.box, self.max_divergence = damping, box, max_divergence
        self.probe_step, self.max_iter = probe_step, max_iter

    def check(self, operator: Operator) -> None:
        check_images(self.denoiser, operator)

    @torch.no_grad()
    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        assert isinstance(operator, LinearOperator)
        operator = operator.on_reals() if self.box else operator
        x = torch.zeros_like(operator.adjoint(y))
        ratio = real_parts(x[:1]).numel() / real_parts(y[:1]).numel()
        now = _Iterates(
            operator=operator,
            y=y,
            x=x,
            sigma=torch.zeros_like(sigma),
            r1=x,
            r2=x,
            noise=sigma.square() / (2 if y.is_complex() else 1),
            gain=(ratio * column_norm(operator).square()).expand(len(y)),
            data_step=DataStep(operator, y),
            settings=self,
        )
        now.meet_data()
        denoise = ProbedDenoiser(ready(self.denoiser, y), seeds, self.probe_step)
        return pass_messages(now, denoise, self.max_iter, trace)


@dataclass
class _Iterates(Messages):
    r1: Tensor
    r2: Tensor
    noise: Tensor  # variance of the real numbers in y
    gain: Tensor  # mean eigenvalue of A A^H
    data_step: DataStep
    settings: DVAMP

    def step(self, denoise: ProbedDenoiser) -> tuple[Tensor, Tensor]:
        x, divergence = denoise(self.r1, self.sigma)
        divergence = divergence / real_parts(x[:1]).numel()
        self.x = x.clamp(*self.settings.denoiser.value_range) if self.settings.box else x
        a1 = column(divergence.clamp(0, self.settings.max_divergence), x)
        self.r2 = torch.lerp(self.r2, (self.x - a1 * self.r1) / (1 - a1), self.settings.damping)
        self.meet_data()
        return divergence, self.y - self.operator(self.x)

    def meet_data(self) -> None:
        """r1 and its noise from r2."""
        tiny = torch.finfo(self.noise.dtype).tiny
        # the mean square of m numbers is known to sqrt(2 / m)
        unsure = self.noise * math.sqrt(2 / real_parts(self.y[:1]).numel())
        excess = torch.maximum(rms(self.y - self.operator(self.r2)).square() - self.noise, unsure)
        v2 = (excess / self.gain).clamp_min(tiny)
        rho = torch.maximum(self.noise / v2, _LEAST_RHO * self.gain)
        x2, a2 = self.data_step(self.r2, rho), self.data_step.divergence(rho)
        self.r1 = (x2 - column(a2, x2) * self.r2) / column(1 - a2, x2)
        self.sigma = (v2 * a2 / (1 - a2)).sqrt()

    def take(self, index: Tensor) -> Self:
        taken = super().take(index)
        taken.data_step = self.data_step.take(index)
        return taken
