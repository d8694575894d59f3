"""Filters: x = sum_i F(sigma_i) / sigma_i <y, u_i> v_i, with A = sum_i sigma_i u_i v_i^H.

F is 1 where nothing is damped and 0 where all is. Those of Dittmer et al. 2020, Table 4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


def tikhonov(sigma: Tensor, alpha: float | Tensor) -> Tensor:
    """sigma^2 / (sigma^2 + alpha)."""
    return sigma.square() / (sigma.square() + alpha)


def tsvd(sigma: Tensor, alpha: float | Tensor) -> Tensor:
    """1 where sigma >= alpha, else 0."""
    return (sigma >= alpha).to(sigma.dtype)


def soft_tsvd(sigma: Tensor, alpha: float | Tensor) -> Tensor:
    """1 where sigma >= 2 sqrt(alpha), else sigma / (2 sqrt(alpha)) (Dittmer et al. 2020, eq. 4.22)."""
    return (sigma / (2 * alpha**0.5)).clamp_max(1)


@dataclass(frozen=True)
class Filter:
    """A family of filters.

    Attributes:
        response: F from sigma and alpha, which broadcast.
        alpha_of: the alpha for which the filter passes from 1 to 0 about a given sigma.
    """

    response: Callable[[Tensor, Tensor], Tensor]
    alpha_of: Callable[[Tensor], Tensor]


TIKHONOV = Filter(tikhonov, lambda sigma: sigma.square())  # F = 1/2 there
TSVD = Filter(tsvd, lambda sigma: sigma)
SOFT_TSVD = Filter(soft_tsvd, lambda sigma: (sigma / 2).square())  # 1 from there on
