"""The noise of the spiked matrix models, for the measurements x x^T of `lit_inverse.operators.Spiked`."""

import math

import torch
from torch import Tensor

from lit_inverse.noise.base import Noise, check_level, check_real

_RANK_ONE = 1e-3  # relative; float16 products are that exact


class Wigner(Noise):
    """Y = x x^T + nu H, H from the Gaussian orthogonal ensemble; the level is nu.

    H is symmetric, H_ij ~ N(0, 1/n) off the diagonal and N(0, 2/n) on it, so that ||H|| -> 2 (Cocola, Hand and
    Voroninski 2020, the spiked Wigner model). Y = v v^T / sqrt(n) + sqrt(Delta) xi, xi_ij ~ N(0, 1), of Aubin et al.
    2019 is sqrt(n) times this one for x = v / sqrt(n) and nu = sqrt(Delta) (but for the diagonal of xi).

    Raises:
        ValueError: when nu is negative or not finite, or measurements are no real (n, n) matrix.
    """

    def __init__(self, nu: float = 0.0) -> None:
        self.level = check_level("nu", nu)

    def sigma(self, clean: Tensor) -> float:
        """nu sqrt(n + 1) / n, the root mean square over all entries."""
        n = _side(self, clean)
        return self.level * math.sqrt(n + 1) / n

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        n = _side(self, clean)
        if self.level == 0:
            return clean
        z = torch.randn(n, n, generator=source, dtype=torch.float32)
        h = (z + z.mT) / math.sqrt(2 * n)
        return clean + self.level * h.to(clean.device, clean.dtype)


class Wishart(Noise):
    """Y = B^T B / N - sigma^2 I for N samples, the rows of B = u x^T + sigma Z; the level is sigma.

    u ~ N(0, I_N) and Z_ij ~ N(0, 1), so that E Y = x x^T (Cocola, Hand and Voroninski 2020, the spiked Wishart model,
    who reconstruct from this Y). u is unknown to any solver, and nothing is lost with B: its rows are N(0, x x^T +
    sigma^2 I), of which B^T B is a sufficient statistic. Aubin et al. 2019 have B = u v^T / sqrt(n) + sqrt(Delta) Z:
    x = v / sqrt(n), sigma = sqrt(Delta). At sigma = 0 the factor ||u||^2 / N is still random.

    Args:
        sigma: standard deviation of the entries of sigma Z, in units of x.
        n_samples: N.

    Raises:
        ValueError: when sigma is negative or not finite, N < 1, or measurements are not x x^T for a real x.
    """

    def __init__(self, sigma: float = 0.0, n_samples: int = 1000) -> None:
        self.level = check_level("sigma", sigma)
        if n_samples < 1:
            raise ValueError(f"n_samples is {n_samples}, expected at least 1")
        self.n_samples = n_samples

    def sigma(self, clean: Tensor) -> float:
        """Root mean square of Y - x x^T: E (Y - x x^T)_ij^2 = (S_ii S_jj + S_ij^2) / N for S = x x^T + sigma^2 I."""
        n, variance = _side(self, clean), self.level**2
        power = float(clean.diagonal().sum())
        trace, frobenius = power + n * variance, power**2 + 2 * variance * power + n * variance**2
        return math.sqrt((trace**2 + frobenius) / self.n_samples) / n

    def apply(self, clean: Tensor, source: torch.Generator) -> Tensor:
        n, x = _side(self, clean), self._spike(clean)
        u = torch.randn(self.n_samples, 1, generator=source, dtype=torch.float32).to(clean)
        z = torch.randn(self.n_samples, n, generator=source, dtype=torch.float32).to(clean)
        b = u * x + self.level * z
        return b.mT @ b / self.n_samples - self.level**2 * torch.eye(n, dtype=clean.dtype, device=clean.device)

    def _spike(self, clean: Tensor) -> Tensor:
        """x up to its sign, on which the law of Y does not depend."""
        largest, place = clean.diagonal().max(0)
        x = clean[place] / largest.clamp_min(torch.finfo(clean.dtype).tiny).sqrt()
        if not torch.allclose(torch.outer(x, x), clean, rtol=_RANK_ONE, atol=_RANK_ONE * float(largest.abs())):
            raise ValueError("Wishart noise needs measurements x x^T, got another matrix: take the operator Spiked")
        return x


def _side(law: Noise, clean: Tensor) -> int:
    check_real(law, clean)
    if clean.ndim != 2 or clean.shape[0] != clean.shape[1]:
        raise ValueError(
            f"{type(law).__name__} noise is for (n, n) matrices, got {tuple(clean.shape)}: take the operator Spiked"
        )
    return len(clean)
