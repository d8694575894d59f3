"""What D-AMP and D-VAMP have in common: they know how strong the noise is that the denoiser meets."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.solvers.denoising.iteration import DIVERGED, RUNNING, Iterates
from lit_inverse.solvers.denoising.probed_denoiser import ProbedDenoiser

_BLOWN_UP = 10.0  # times the first sigma


@dataclass
class Messages(Iterates):
    """An item has diverged when its sigma is not finite or above 10 times the first one, or when its last x is farther
    from the data than x = 0.
    """

    sigma: Tensor  # standard deviation of the noise that the denoiser meets next, (B,)
    first: Tensor  # sigma
    denoise: ProbedDenoiser
    max_iter: int

    def ending(self, k: int, residual: Tensor) -> Tensor:
        sound = torch.isfinite(self.sigma) & (self.sigma <= _BLOWN_UP * self.first)
        if k == self.max_iter:
            sound = sound & (residual <= 1)
        return torch.where(sound, RUNNING, DIVERGED)


def check_settings(damping: float, max_divergence: float | None, probe_step: float, max_iter: int) -> None:
    """Refuses impossible ones."""
    if not 0 < damping <= 1:
        raise ValueError(f"damping is {damping}, expected a weight of the new iterate in (0, 1]")
    if max_divergence is not None and not 0 < max_divergence < math.inf:
        raise ValueError(f"max_divergence is {max_divergence}, expected a finite number > 0, or null for no bound")
    if not 0 < probe_step < math.inf:
        raise ValueError(f"probe_step is {probe_step}, expected a finite number > 0")
    if max_iter < 1:
        raise ValueError(f"max_iter is {max_iter}, expected at least 1")
