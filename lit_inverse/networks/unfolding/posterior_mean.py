"""The mean of a sparse x given x plus white Gaussian noise, with trained numbers of its law."""

import math

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.logarithms import Logarithms


def bernoulli_gaussian_mean(r: Tensor, variance: Tensor, power: Tensor, log_odds: Tensor) -> tuple[Tensor, Tensor]:
    """E[x | r] and its derivative by r, both (B, n), for r = x + N(0, variance).

    x is N(0, power) with probability rho, otherwise 0. Given r it is not 0 with probability

        pi = 1 / (1 + (1 - rho) / rho sqrt(1 + power / variance) exp(-a r^2 / (2 variance))),
        a = power / (power + variance),   E[x | r] = pi a r

    (Borgerding, Schniter, Rangan 2017, "Bernoulli-Gaussian" shrinkage, whose theta_1 is power and theta_2 -log_odds.)

    Args:
        r: (B, n).
        variance: (B, 1), > 0.
        power: (), > 0.
        log_odds: log rho / (1 - rho), ().
    """
    a = power / (power + variance)
    excess = a * r.square() / variance
    pi = torch.sigmoid(log_odds - 0.5 * torch.log1p(power / variance) + 0.5 * excess)
    return pi * a * r, pi * a * (1 + (1 - pi) * excess)


class PosteriorMean(nn.Module):
    """`bernoulli_gaussian_mean` with a power and odds of its own in each layer t = 0, 1, ....

    exp(log_power) and exp(log_odds) are power and rho / (1 - rho); `log_scale` is the logarithm of a factor of the
    variance a layer is told.

    Args:
        n_layers: T.
        density: rho to begin with.
        power: to begin with.

    Raises:
        ValueError: when density or power are impossible.
    """

    def __init__(self, n_layers: int, density: float, power: float) -> None:
        super().__init__()
        if not 0 < density < 1 or not 0 < power < math.inf:
            raise ValueError(f"density is {density} and power {power}, expected density in (0, 1) and power > 0")
        starts = math.log(power), math.log(density / (1 - density)), 0.0
        self.log_power, self.log_odds, self.log_scale = (
            Logarithms(nn.Parameter(torch.tensor(start)) for _ in range(n_layers)) for start in starts
        )

    def forward(self, r: Tensor, variance: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """The mean and its derivative, (B, n), for r (B, n) and variance (B, 1)."""
        power = self.log_power[t].exp()
        least = torch.finfo(r.dtype).eps ** 2 * power  # r^2 / variance stays in range
        told = torch.maximum(self.log_scale[t].exp() * variance, least)
        return bernoulli_gaussian_mean(r, told, power, self.log_odds[t])
