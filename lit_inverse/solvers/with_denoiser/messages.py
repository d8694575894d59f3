"""What D-AMP and D-VAMP have in common: they know how strong the noise is that the denoiser meets."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.solvers.with_denoiser.iteration import DIVERGED, RUNNING, Iterates
from lit_inverse.solvers.with_denoiser.probed_denoiser import ProbedDenoiser

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

    def ending(self, k: int, old: Tensor, residual: Tensor) -> Tensor:
        sound = torch.isfinite(self.sigma) & (self.sigma <= _BLOWN_UP * self.first)
        if k == self.max_iter:
            sound = sound & (residual <= 1)
        return torch.where(sound, RUNNING, DIVERGED)


def check_damping(damping: float) -> None:
    """Refuses, with a ValueError, what is no weight of a new iterate."""
    if not 0 < damping <= 1:
        raise ValueError(f"damping is {damping}, expected a weight of the new iterate in (0, 1]")
