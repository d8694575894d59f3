"""Laws of the noise eta in y = A(x) + eta."""

from lit_inverse.noise.base import Noise
from lit_inverse.noise.gaussian import SNR, Gaussian, TotalGaussian
from lit_inverse.noise.outliers import GrossErrors, StudentT
from lit_inverse.noise.poisson import Poisson
from lit_inverse.noise.spiked import Wigner, Wishart

__all__ = ["SNR", "Gaussian", "GrossErrors", "Noise", "Poisson", "StudentT", "TotalGaussian", "Wigner", "Wishart"]
