"""The two-layer convolutional generator in the limit of many channels: its Jacobian, and what follows from it."""

import math

import torch
from torch import Tensor


def triangle(length: int, half_width: int) -> Tensor:
    """The kernel u of `TwoLayerGenerator`, max(0, 1 - |j| / half_width) around 0 with unit norm, (length,) float64."""
    j = torch.arange(length, dtype=torch.float64)
    u = (1 - torch.minimum(j, length - j) / half_width).relu()
    normalised: Tensor = u / u.norm()
    return normalised


def dual_activation(z: Tensor) -> Tensor:
    """g(z) = 1/2 (1 - arccos(z) / pi) z for z in [-1, 1] (Heckel & Soltanolkotabi 2020, Sec. 4).

    1/2 (1 - arccos(z) / pi) is the probability that two standard normal numbers of correlation z are both positive:
    the dual of the derivative of ReLU.
    """
    z = z.clamp(-1, 1)  # beyond by rounding only
    return 0.5 * (1 - z.arccos() / math.pi) * z


def expected_gram(u: Tensor) -> Tensor:
    """First column of the circulant matrix E[J J^T] of G(C) = ReLU(U C) v, in the shape of u.

    With C of independent N(0, omega^2) entries of any omega, and ||v|| = 1,

        E[J J^T]_ij = P(u_i^T c > 0 and u_j^T c > 0) u_i^T u_j = ||u||^2 g((u * u)_{i-j} / ||u||^2)

    where u_i is row i of U, so that * is circular autocorrelation; of a symmetric u, circular convolution.

    Args:
        u: kernel, (n,) of signals or (H, W) of images.
    """
    power = u.square().sum()
    axes = list(range(u.ndim))
    overlap = torch.fft.irfftn(torch.fft.rfftn(u).abs().square(), u.shape, axes)
    column: Tensor = power * dual_activation(overlap / power)
    return column


def predicted_spectrum(u: Tensor) -> Tensor:
    """sigma = ||u|| sqrt(|F g(u * u / ||u||^2)|), the singular values of J by frequency (eq. 11), in the shape of u.

    F is the discrete Fourier transform without a factor. Entry f belongs to the left singular vectors cos and
    sin (2 pi f j / n): each value but those of the frequencies 0 and n/2 is there twice, at f and n - f.
    """
    spectrum: Tensor = torch.fft.fftn(expected_gram(u)).abs().sqrt()
    return spectrum


def in_order_of_basis(spectrum: Tensor) -> Tensor:
    """Values by frequency (n,) in the order 1, cos, sin, cos, ... of `trigonometric_basis` (datamodules)."""
    return spectrum[(torch.arange(len(spectrum)) + 1).div(2, rounding_mode="floor")]


def recovery_bound(sigma: Tensor, coefficients: Tensor, m: int, constant: float = 32.0**2, xi: float = 0.0) -> Tensor:
    """The bound of ||x_hat - x||^2 for x from m Gaussian measurements of variance 1/m, without noise, (...).

        C (sum_i <w_i, x>^2 / sigma_i^2) (sum_{i > 2m/3} sigma_i^2) + xi^2 ||x||^2

    With xi = 0 it is (7) of Theorem 1, where x_hat = J c of the c of least norm among those with A J c = y. It holds
    for m >= 12 with a constant C, which is 32^2 in the proof (Appendix A), and with probability
    1 - 2 exp(-m/3) - exp(-m/6): that of Proposition 1 at p = m/3 and u = sqrt(p), which the proof takes. (The theorem
    prints 1 - 3 exp(-m/2), the proof 1 - 3 exp(-p); neither follows.) With xi in (0, 1] it is (13) of Theorem 2:
    two-layer networks of more than C_u m / xi^8 channels, fitted by gradient descent until convergence. (Theorem 3,
    which that follows from, has xi in place of xi^2, and m <= n / 9.)

    Args:
        sigma: singular values of J, (n,) in any order.
        coefficients: <w_i, x> with the left singular vectors in the same order, (..., n).
        m: number of measurements.
        constant: C.
        xi: the error that is left to the network.

    Raises:
        ValueError: when the lengths differ or m is not positive.
    """
    if sigma.ndim != 1 or coefficients.shape[-1:] != sigma.shape or m < 1:
        shapes = f"sigma {tuple(sigma.shape)}, coefficients {tuple(coefficients.shape)}"
        raise ValueError(f"got {shapes} and m = {m}, expected (n,), (..., n) and m >= 1")
    powers = sigma.square()
    tail = powers.sort(descending=True).values[2 * m // 3 :].sum()
    energy = coefficients.square()
    # what has no part in x costs nothing, even where sigma is 0
    cost = torch.where(energy > 0, energy / powers, 0).sum(-1)
    return constant * cost * tail + xi**2 * energy.sum(-1)
