"""What plug-and-play and RED have in common: a denoiser whose noise level falls as they say."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators.items import rms
from lit_inverse.solvers.with_denoiser.iteration import CONVERGED, DIVERGED, RUNNING, Iterates
from lit_inverse.solvers.with_denoiser.noise_levels import NoiseLevels

_BLOWN_UP = 10.0  # times ||y||, the residual of x = 0


@dataclass
class Splitting(Iterates):
    """An item has converged when its x changes relatively by at most tol at its last noise level, and diverged when its
    residual ||A x - y|| exceeds 10 ||y|| or is not finite.
    """

    levels: NoiseLevels
    tol: float

    @abstractmethod
    def update(self, sigma: Tensor) -> None:
        """Takes the next x, by a denoiser for noise of standard deviation sigma (B,)."""

    def step(self, k: int) -> dict[str, Tensor]:
        sigma = self.levels.at(k)
        self.update(sigma)
        return {"residual": self.plugged.residual(self.plugged.remainder(self.x)), "sigma": sigma}

    def ending(self, k: int, old: Tensor, residual: Tensor) -> Tensor:
        ending = torch.where(residual <= _BLOWN_UP, RUNNING, DIVERGED)
        if k == 0 or not self.levels.is_last(k):
            return ending
        settled = rms(self.x - old) <= self.tol * rms(self.x)
        return torch.where((ending == RUNNING) & settled, CONVERGED, ending)
