"""What holds for y along one singular vector of A, and of filters, without any reconstruction."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.solvers.spectral.filters import soft_tsvd, tikhonov, tsvd

FILTERS: dict[str, Callable[[Tensor, float], Tensor]] = {"soft TSVD": soft_tsvd, "TSVD": tsvd, "Tikhonov": tikhonov}


@dataclass(frozen=True)
class Response:
    """F(sigma) of a filter."""

    filter: str
    alpha: float
    sigma: float
    response: float


@dataclass(frozen=True)
class Order:
    """Measured exponents of alpha: F is of optimal order for x of smoothness nu where rate >= gamma nu (Table 4.1).

    Attributes:
        gamma: sup |F(sigma) / sigma| = c alpha^-gamma.
        rate: sup |1 - F(sigma)| sigma^nu = c alpha^rate.
    """

    filter: str
    nu: float
    gamma: float
    rate: float


@dataclass(frozen=True)
class Limit:
    """Where descent on B goes for y = (sigma + delta) v, as x = coefficient u; eq. 4.17 is the prediction."""

    alpha: float
    sigma: float
    delta: float
    coefficient: float
    prediction: float


def responses(alpha: float = 0.5, highest: float = 2.5, number: int = 251) -> list[Response]:
    """The curves of Fig. 4.3."""
    sigma = torch.linspace(0, highest, number, dtype=torch.float64)
    return [
        Response(name, alpha, *pair)
        for name, response in FILTERS.items()
        for pair in zip(sigma.tolist(), response(sigma, alpha).tolist(), strict=True)
    ]


def orders(nus: Sequence[float] = (0.5, 1.0, 2.0, 3.0)) -> list[Order]:
    """Exponents between alpha = 1e-6 and 1e-4, with suprema over sigma in (0, 1]."""
    sigma = torch.logspace(-8, 0, 40001, dtype=torch.float64)

    def exponent(of: Callable[[float], Tensor]) -> float:
        low, high = (float(of(alpha).max()) for alpha in (1e-6, 1e-4))
        return math.log10(high / low) / 2

    return [
        Order(
            name,
            nu,
            -exponent(lambda alpha, f=f: f(sigma, alpha) / sigma),  # type: ignore[misc]
            exponent(lambda alpha, f=f, nu=nu: (1 - f(sigma, alpha)) * sigma**nu),  # type: ignore[misc]
        )
        for name, f in FILTERS.items()
        for nu in nus
    ]


def predicted_coefficient(sigma: float, delta: float, alpha: float) -> float:
    """Eq. 4.17."""
    return (sigma + delta) / max(sigma, 2 * math.sqrt(alpha))


def fixed_point(sigma: float, alpha: float) -> float:
    """The singular value of B that eq. 4.19 predicts."""
    return sigma / 2 + math.sqrt(sigma**2 / 4 - alpha) if sigma >= 2 * math.sqrt(alpha) else math.sqrt(alpha)


def slope(beta: float, sigma: float, alpha: float) -> float:
    """dF / dbeta over sigma (sigma + delta)^2 (eq. 4.16)."""
    return (alpha + beta**2 - sigma * beta) * (beta**2 - alpha) / (beta**2 + alpha) ** 3


def scalar_descent(sigma: float, delta: float, alpha: float, lr: float, n_iter: int) -> list[float]:
    """beta_0 = sigma, ..., beta_n_iter: the singular value of B in eq. 4.16 (derived in eq. 5.21)."""
    betas = [sigma]
    for _ in range(n_iter):
        betas.append(betas[-1] - lr * sigma * (sigma + delta) ** 2 * slope(betas[-1], sigma, alpha))
    return betas


def limits(sigmas: Sequence[float], alphas: Sequence[float] = (1e-2, 1e-3, 1e-4), delta: float = 0.002) -> list[Limit]:
    """Where the scalar descent has come to after 200 steps for all pairs, with half the step of Newton's method."""
    found = []
    for alpha in alphas:
        for sigma in sigmas:
            end, small = fixed_point(sigma, alpha), 1e-6
            curvature = (slope(end + small, sigma, alpha) - slope(end - small, sigma, alpha)) / (2 * small)
            lr = 0.5 / (curvature * sigma * (sigma + delta) ** 2)
            beta = scalar_descent(sigma, delta, alpha, lr, n_iter=200)[-1]
            coefficient = beta / (beta**2 + alpha) * (sigma + delta)
            found.append(Limit(alpha, sigma, delta, coefficient, predicted_coefficient(sigma, delta, alpha)))
    return found
