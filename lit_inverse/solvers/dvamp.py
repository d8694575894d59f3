"""D-VAMP: vector approximate message passing with a denoiser."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators.items import column, n_reals, rms
from lit_inverse.settings import positive
from lit_inverse.solvers.base import Given
from lit_inverse.solvers.least_squares.data_step import DataStep
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.with_denoiser.iteration import iterate
from lit_inverse.solvers.with_denoiser.messages import Messages, check_damping
from lit_inverse.solvers.with_denoiser.plugged import Plugged
from lit_inverse.solvers.with_denoiser.probed_denoiser import ProbedDenoiser
from lit_inverse.solvers.with_denoiser.solver import DenoiserSolver

_LEAST_RHO = 1e-6  # in units of the mean eigenvalue of A A^H: single precision resolves no less


class DVAMP(DenoiserSolver):
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
        box: whether x is clipped to the value range of the denoiser; x is then real. div D remains that of the
            estimate before it is clipped.
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
        super().__init__(denoiser, box, max_iter)
        check_damping(damping)
        positive(max_divergence=max_divergence, probe_step=probe_step)
        if max_divergence >= 1:
            raise ValueError(f"max_divergence is {max_divergence}, expected a number below 1")
        self.damping, self.max_divergence, self.probe_step = damping, max_divergence, probe_step

    def _solve(self, given: Given) -> Solution:
        plugged, x = self.begin(given)
        denoise = ProbedDenoiser(plugged.denoiser, given.seeds, self.probe_step)
        data_step = DataStep(plugged.operator, given.y)
        r1, first = _meet_data(plugged, data_step, x)
        now = _Iterates(plugged, x, first, first, denoise, self.max_iter, r1, x, data_step, self)
        return iterate(now, self.max_iter, given.trace)


@dataclass
class _Iterates(Messages):
    r1: Tensor
    r2: Tensor
    data_step: DataStep
    settings: DVAMP

    def step(self, k: int) -> dict[str, Tensor]:
        plugged, how, sigma = self.plugged, self.settings, self.sigma
        x, divergence = self.denoise(self.r1, sigma)
        divergence = divergence / n_reals(x)
        self.x = plugged.boxed(x)
        a1 = column(divergence.clamp(0, how.max_divergence), x)
        self.r2 = torch.lerp(self.r2, (self.x - a1 * self.r1) / (1 - a1), how.damping)
        self.r1, self.sigma = _meet_data(plugged, self.data_step, self.r2)
        residual = plugged.residual(plugged.remainder(self.x))
        return {"sigma": sigma, "divergence": divergence, "residual": residual}


def _meet_data(plugged: Plugged, data_step: DataStep, r2: Tensor) -> tuple[Tensor, Tensor]:
    """r1 and sqrt(v1), (B,), from r2."""
    noise, m = plugged.noise.square(), n_reals(plugged.y)
    gain = n_reals(r2) / m * plugged.size.square()  # the mean eigenvalue of A A^H
    unsure = noise * math.sqrt(2 / m)  # the mean square of m numbers is known to sqrt(2 / m)
    excess = torch.maximum(rms(plugged.remainder(r2)).square() - noise, unsure)
    v2 = (excess / gain).clamp_min(torch.finfo(noise.dtype).tiny)
    rho = torch.maximum(noise / v2, _LEAST_RHO * gain)
    x2, a2 = data_step(r2, rho), data_step.divergence(rho)
    r1 = (x2 - column(a2, x2) * r2) / column(1 - a2, x2)
    return r1, (v2 * a2 / (1 - a2)).sqrt()
