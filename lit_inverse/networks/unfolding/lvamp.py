"""LVAMP: vector approximate message passing with trained numbers."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.posterior_mean import PosteriorMean
from lit_inverse.operators import LinearOperator, Matrix

_LEAST = 1e-4  # a1 is kept so far from 0 and 1


class LVAMP(UnfoldedNetwork):
    """Learned vector approximate message passing (Borgerding, Schniter, Rangan 2017, IEEE Trans. Signal Process.).

        x2 = argmin ||A x - y||^2 / s_t + ||x - r2||^2 / v2
        r1 = (x2 - a2 r2) / (1 - a2),   v1 = v2 a2 / (1 - a2)
        x_{t+1} = eta_t(r1; v1)
        r2 = (x_{t+1} - a1 r1) / (1 - a1),   v2 = v1 a1 / (1 - a1)

    from r2 = 0, a2 and a1 the mean derivatives of x2 by r2 and of eta_t by r1; s_t is the variance of the noise in y
    where it is known and above what `snr` says, otherwise what `snr` says, times a factor; eta_t as in `LAMP`. v2 is at
    least (||y - A r2||^2 - m s_t) / ||A||_F^2, which y tells of it. Right
    for large A of any singular values with right singular vectors as good as drawn at random, also badly conditioned
    ones, where LAMP fails. Where the laws of x and of the noise are known it needs no training. It goes with any A,
    also one per item; trained are four numbers per layer (in the paper matrices too, which end where these closed forms
    are).

    Args:
        m, n, n_layers: see `UnfoldedNetwork`.
        snr: the largest 10 log10 of ||y||^2 / ||eta||^2 to be expected, dB.
        density: expected share of entries of x that are not 0, to begin with.
        power: their variance, to begin with.

    Raises:
        ValueError: when a setting is impossible.
    """

    bound = False

    def __init__(
        self,
        m: int | None = 250,
        n: int = 500,
        n_layers: int = 16,
        snr: float = 100.0,
        density: float = 0.1,
        power: float = 1.0,
    ) -> None:
        super().__init__(m, n, n_layers, snr=snr, density=density, power=power)
        if not -100 <= snr <= 200:
            raise ValueError(f"snr is {snr}, expected dB from -100 to 200; 100 where there is no noise")
        self.snr = snr
        self.log_noise = Logarithms(nn.Parameter(torch.zeros(())) for _ in range(n_layers))
        self.eta = PosteriorMean(n_layers, density, power)

    def _initialize(self, operator: LinearOperator) -> None:
        """Nothing depends on A."""

    def steps(self, system: System) -> Iterator[Tensor]:
        values, vectors = _spectrum(system.operator)
        energy = system.y.square().sum(1, keepdim=True).clamp_min(torch.finfo(system.y.dtype).tiny ** 0.5)
        noise = 10 ** (-self.snr / 10) * energy / system.operator.m
        noise = noise if system.sigma is None else torch.maximum(noise, system.sigma.square())
        r2, v2 = system.zeros(), energy / values.sum(-1, keepdim=True)
        for t, log_noise in enumerate(self.log_noise):
            r, s = system.residual(r2), log_noise.exp() * noise
            excess = r.square().sum(1, keepdim=True) - system.operator.m * s
            v2 = torch.maximum(v2, excess / values.sum(-1, keepdim=True))  # what y tells of this item
            rho = s / v2
            gains = 1 / (values + rho)
            x2 = r2 + system.adjoint(_rotated(gains * _rotated(r, vectors), vectors.mT))
            share = (gains * values).sum(1, keepdim=True) / self.n  # 1 - a2
            a2 = ((self.n - values.shape[-1]) + (gains * rho).sum(1, keepdim=True)) / self.n
            r1, v1 = r2 + (x2 - r2) / share, v2 * a2 / share
            x, slope = self.eta(r1, v1, t)
            yield x
            a1 = slope.mean(1, keepdim=True).clamp(_LEAST, 1 - _LEAST)
            r2, v2 = (x - a1 * r1) / (1 - a1), v1 * a1 / (1 - a1)


@torch.no_grad()
def _spectrum(operator: LinearOperator) -> tuple[Tensor, Tensor]:
    """The k = min(m, n) largest eigenvalues of A A^T, (k,), and their vectors, (m, k), or those of each item."""
    if operator.n_items is None:
        a = dense(operator)
        gram = a @ a.mT
    elif isinstance(operator, Matrix):
        a = operator.matrix.double()
        gram = (a @ a.mT).repeat_interleave(operator.repeats, 0)
    else:
        unit = torch.eye(operator.m).to(operator.like)
        gram = torch.stack([operator(operator.adjoint(e.expand(operator.n_items, -1))) for e in unit], 1).double()
    k = min(operator.m, operator.n)
    values, vectors = (part[..., -k:].to(operator.like) for part in torch.linalg.eigh(gram))
    return values.clamp_min(0), vectors


def _rotated(r: Tensor, vectors: Tensor) -> Tensor:
    """U^T r, (B, k), for r (B, m) and U (m, k) or (B, m, k)."""
    return (r[:, None] @ vectors)[:, 0] if vectors.ndim == 3 else r @ vectors
