"""How near the layers of a ReLU network are to what Gaussian ones do in the mean."""

import math
from typing import cast

import torch
from torch import Tensor, nn

from lit_inverse.networks import ReLUGenerator
from lit_inverse.operators.items import column, dot, norm
from lit_inverse.theory.constants.search import Map, Search, ascend, distance, worst_case
from lit_inverse.theory.estimate import Estimate

_WIDTH = 0.2  # of the step that stands for that of 1_{t > 0} in derivatives, in standard deviations of t = W r


def expected(r: Tensor, s: Tensor, u: Tensor) -> Tensor:
    """Q_{r,s} u, where Q_{r,s} = E[W_{+,r}^T W_{+,s}] of W_ij ~ N(0, 1/n) (Cocola 2022, eq. (6)).

    Q = (pi - theta) / (2 pi) I + sin(theta) / (2 pi) M, theta the angle between r and s; M exchanges their directions
    and is 0 on what is orthogonal to both. On unit vectors with c = cos(theta) that is sin(theta)^2 M = s (r - c s)^T
    + r (s - c r)^T. Q of a zero r or s is 0.

    Args:
        r: (B, l).
        s: (B, l).
        u: (B, l).
    """
    lengths = norm(r) * norm(s)
    r, s = nn.functional.normalize(r), nn.functional.normalize(s)
    theta = 2 * torch.atan2(norm(r - s), norm(r + s))  # accurate at all angles (Kahan)
    sine = theta.sin().clamp_min(torch.finfo(r.dtype).eps ** 0.5)
    along_r, along_s, cosine = dot(r, u), dot(s, u), theta.cos()
    exchanged = column(along_r - cosine * along_s, s) * s + column(along_s - cosine * along_r, r) * r
    q_u = column((math.pi - theta) / (2 * math.pi), u) * u + exchanged / column(2 * math.pi * sine, u)
    return torch.where(column(lengths > 0, u), q_u, 0)


def deviation(weight: Tensor, r: Tensor, s: Tensor, u: Tensor) -> Tensor:
    """(W_{+,r}^T W_{+,s} - Q_{r,s}) u, with W_{+,r} the rows of W where W r > 0, the others set to 0.

    In derivatives with respect to r and s 1_{t > 0} counts as a smooth step.

    Args:
        weight: (n, l), scaled as W_ij ~ N(0, 1/n).
        r: (B, l).
        s: (B, l).
        u: (B, l).
    """
    return (_active(weight, r) * _active(weight, s) * (u @ weight.mT)) @ weight - expected(r, s, u)


def weight_distribution(
    weight: Tensor,
    source: torch.Generator,
    search: Search = Search(),  # noqa: B008 (frozen)
    n_power_steps: int = 40,
) -> Estimate:
    """Lower bound of the WDC constant of W: sup over r, s of ||W_{+,r}^T W_{+,s} - Q_{r,s}||_2 (Cocola 2022, (8)).

    Samples are r, s uniform on the sphere with u from power iteration, the matrix being symmetric; ascent moves all
    three. `weight_distribution_bound` says what it can not be more than.

    Args:
        weight: (n, l), scaled as W_ij ~ N(0, 1/n); on the device where all is done.
        source: of r, s and the first u.
        search: how.
        n_power_steps: towards the leading eigenvector, before and after ascent.
    """
    draw = torch.randn((search.n_samples, 3, weight.shape[1]), generator=source, dtype=torch.float32).to(weight)

    def value(points: Tensor) -> Tensor:
        r, s, u = points.unbind(1)
        return norm(deviation(weight, r, s, u)) / norm(u).clamp_min(torch.finfo(u.dtype).tiny)

    @torch.no_grad()
    def with_leading(points: Tensor) -> Tensor:
        r, s, u = points.unbind(1)
        for _ in range(n_power_steps):
            u = nn.functional.normalize(deviation(weight, r, s, u))
        return torch.stack((r, s, u), 1)

    # of one length, so that a step turns each as much as the others for the same slope
    points = torch.cat([with_leading(part) for part in torch.split(nn.functional.normalize(draw, dim=2), 256)])
    values = torch.cat([value(part) for part in torch.split(points, 256)])
    worst = points[values.topk(min(search.n_starts, len(values))).indices]
    return Estimate(value(with_leading(ascend(value, worst, search)[1])).max().item(), "lower", n=search.n_samples)


@torch.no_grad()
def weight_distribution_bound(weight: Tensor) -> Estimate:
    """Upper bound max(||W||_2^2, 1/2) of the WDC constant of W (n, l); of contractive layers it is the constant.

    For -Q <= W_{+,r}^T W_{+,s} - Q <= W^T W, and ||Q|| <= 1/2. With n < l, rows that are independent and ||W||^2 >= 1/2
    it is approached: r, s = W^+ 1 +- t w with W w = 0 activate all rows of both, and their angle tends to pi, where Q
    is 0, as t grows. A Gaussian layer has ||W||^2 of about (1 + sqrt(l / n))^2.
    """
    sigma: Tensor = torch.linalg.svdvals(weight)
    n_out, n_in = weight.shape
    independent = bool(sigma[-1] > torch.finfo(weight.dtype).eps * n_in * sigma[0])
    square = sigma[0].item() ** 2
    return Estimate(max(square, 0.5), "exact" if n_out < n_in and independent and square >= 0.5 else "upper")


def range_restricted_weight_distribution(
    weight: Tensor,
    network: Map,
    z: Tensor,
    source: torch.Generator,
    search: Search = Search(),  # noqa: B008 (frozen)
) -> Estimate:
    """Lower bound of the R2WDC constant of W after the network G (Cocola 2022, Def. 4.3, eq. (9)):

    sup |<(W_{+,r}^T W_{+,s} - Q_{r,s}) u, v>| / (||u|| ||v||)
    over r = G(x), s = G(y), u = G(x1) - G(x2), v = G(x3) - G(x4).

    With the identity as G it is the WDC constant, which `weight_distribution` finds sooner.

    Args:
        weight: (n, l), scaled as W_ij ~ N(0, 1/n).
        network: z (B, *latent_shape) to (B, l).
        z: (N, *latent_shape), the points of which tuples are drawn.
        source: of the tuples.
        search: how.

    Raises:
        ValueError: when no tuple of points has r, s other than 0, and x1, x2 and x3, x4 that differ.
    """

    def value(x: Tensor) -> Tensor:
        r, s, x1, x2, x3, x4 = x.unbind(1)
        lengths = torch.stack((norm(r), norm(s), distance(x1, x2), distance(x3, x4)))
        relative = dot(deviation(weight, r, s, x1 - x2), x3 - x4).abs() / lengths[2:].prod(0)
        return torch.where((lengths > 0).all(0), relative, -math.inf)

    return worst_case(value, network, z, 6, source, search)


def unit_weights(network: ReLUGenerator) -> list[Tensor]:
    """The W_i of a network scaled as in theory, W_ij ~ N(0, 1/n_i), also of one with scale "he"."""
    layers = [layer for layer in network.layers if not isinstance(layer, nn.ReLU)]
    return [cast(Tensor, layer.weight).detach() / cast(float, layer.gain) ** 0.5 for layer in layers]


def _active(weight: Tensor, r: Tensor) -> Tensor:
    """1_{W r > 0}, (B, n), with the derivative of a smooth step."""
    t = nn.functional.normalize(r) @ weight.mT
    smooth = torch.sigmoid(t * (len(weight) ** 0.5 / _WIDTH))
    return (t > 0).to(t) + (smooth - smooth.detach())
