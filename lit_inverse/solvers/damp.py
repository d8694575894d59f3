"""D-AMP: approximate message passing with a denoiser."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators.items import column, n_reals, rms
from lit_inverse.settings import positive
from lit_inverse.solvers.base import Given
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.with_denoiser.iteration import iterate
from lit_inverse.solvers.with_denoiser.messages import Messages, check_damping
from lit_inverse.solvers.with_denoiser.probed_denoiser import ProbedDenoiser
from lit_inverse.solvers.with_denoiser.solver import DenoiserSolver


class DAMP(DenoiserSolver):
    """Denoising-based approximate message passing (Metzler, Maleki, Baraniuk 2016, IEEE Trans. Inf. Theory, eq. 5).

    From x = 0 and z = y,

        r = x + A^H z,   sigma = ||z|| / sqrt(m),   x = D(r; sigma),   z = y - A x + z div D(r; sigma) / m.

    For a large A of independent entries with columns of unit norm r is x plus white noise of standard deviation sigma:
    the last term of z (Onsager's) sees to that. Noise in y is part of sigma and need not be known. See
    `state_evolution` for what sigma should be. For other A, such as Fourier, the noise in r is not white, and nothing
    is promised; `DVAMP` is right for a wider class.

    A is divided by ||A||_F / sqrt(n), y too, so that its columns have unit norm in the mean square whatever its
    scale. Complex numbers count as pairs of reals: m is the number of real numbers in y, and a complex x, as A^H y is,
    is denoised as real and imaginary part. For real x and complex y take `A.on_reals()`.

    The denoiser's value range is the solver's: what is given in another range is brought to it. It begins at x = 0 of
    that range, which should be black.

    It fails at few measurements (with BM3D and photographs below m/n = .06): an item has diverged when sigma is not
    finite or exceeds 10 times the first one, or when the last x is farther from y than black, ||A x - y|| > ||y||. Its
    answer is the x of least ||A x - y|| it had, often the first: flagged, and no picture. `box`, `max_divergence` and
    `damping` make it fail far later.

    Args:
        denoiser: D; BM3D with profile "lc", in grey levels 0 to 255, by default.
        damping: weight of the new x and z, in (0, 1], against the old ones; 1 is the method as published.
        box: whether x is clipped to the value range of the denoiser; x is then real. div D remains that of the
            estimate before it is clipped.
        max_divergence: div D / m is clipped to [0, max_divergence]; None for no bound.
        probe_step: size of the step by which div D is measured, relative to the largest entry of r.
        max_iter: number of iterations; 30 in the authors' program, as good as converged after 15.

    The history of a Solution has one row per iteration: "sigma", "divergence", which is div D / m before it is
    clipped, and "residual", ||A x - y|| / ||y||; items that have ended keep their last values.

    Raises:
        ValueError: when a setting is impossible, A is not linear, or x is no image that the denoiser takes.
    """

    def __init__(
        self,
        denoiser: Denoiser | None = None,
        damping: float = 1.0,
        box: bool = False,
        max_divergence: float | None = None,
        probe_step: float = 1e-3,
        max_iter: int = 30,
    ) -> None:
        super().__init__(denoiser, box, max_iter)
        check_damping(damping)
        positive(max_divergence=max_divergence, probe_step=probe_step)
        self.damping, self.max_divergence, self.probe_step = damping, max_divergence, probe_step

    def _solve(self, given: Given) -> Solution:
        plugged, x = self.begin(given)
        z = given.y / column(plugged.size, given.y)
        denoise = ProbedDenoiser(plugged.denoiser, given.seeds, self.probe_step)
        now = _Iterates(plugged, x, rms(z), rms(z), denoise, self.max_iter, z, self)
        return iterate(now, self.max_iter, given.trace)


@dataclass
class _Iterates(Messages):
    z: Tensor
    settings: DAMP

    def step(self, k: int) -> dict[str, Tensor]:
        plugged, how, size, sigma = self.plugged, self.settings, self.plugged.size, self.sigma
        x, divergence = self.denoise(self.x + plugged.operator.adjoint(self.z) / column(size, self.x), sigma)
        divergence = divergence / n_reals(self.z)
        bounded = divergence if how.max_divergence is None else divergence.clamp(0, how.max_divergence)
        self.x = torch.lerp(self.x, plugged.boxed(x), how.damping)
        remainder = plugged.remainder(self.x)
        z = remainder / column(size, remainder) + column(bounded, self.z) * self.z
        self.z = torch.lerp(self.z, z, how.damping)
        self.sigma = rms(self.z)
        return {"sigma": sigma, "divergence": divergence, "residual": plugged.residual(remainder)}
