"""Whether measurements tell apart the points of a generator's or a denoiser's range."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.operators.items import column, dot, norm
from lit_inverse.settings import not_negative, positive
from lit_inverse.theory.constants.search import Map, Search, distance, worst_case
from lit_inverse.theory.estimate import Estimate


def restricted_eigenvalue(
    operator: LinearOperator,
    network: Map,
    z: Tensor,
    source: torch.Generator,
    delta: float = 0.0,
    radius: float | None = None,
    search: Search = Search(),  # noqa: B008 (frozen)
) -> Estimate:
    """Upper bound of the largest gamma with ||A (x1 - x2)|| >= gamma ||x1 - x2|| - delta for x1, x2 in the range of G.

    The set-restricted eigenvalue condition S-REC(S, gamma, delta), S = {G(z)} (Bora et al. 2017; survey, Def. 1); with
    delta = 0 the REC. It is the infimum of (||A (x1 - x2)|| + delta) / ||x1 - x2||, and the least value found bounds it
    from above. With `network = lambda x: denoiser(x, sigma)` and images as z it is the condition on the range of a
    denoiser under which plug-and-play recovers (Liu, Asif, Wohlberg and Kamilov 2021: mu = gamma^2). The range of a
    proximal map of a finite convex function, such as `TV`, is all of R^n: search then tends to the least singular value
    of A, which for m < n is 0, however well A tells apart the images that were given.

    Args:
        operator: shared by all items.
        network: z (B, *latent_shape) to x (B, *in_shape), differentiable unless search.n_steps is 0.
        z: (N, *latent_shape), the points of which pairs are drawn; device and precision those of A and G.
        source: of the pairs.
        delta: >= 0, in units of ||A x||.
        radius: largest ||z||; None for all z. With delta > 0 and no radius, networks without bounds make delta vanish.
        search: how.

    Raises:
        ValueError: when delta or radius is impossible, or no pair has points x1, x2 that differ.
    """
    not_negative(delta=delta)
    positive(radius=radius)

    def value(x: Tensor) -> Tensor:
        x1, x2 = x.unbind(1)
        length = distance(x1, x2)
        return torch.where(length > 0, -(norm(operator(x1 - x2)) + delta) / length, -math.inf)

    def project(z: Tensor) -> Tensor:
        return z if radius is None else z * column((radius / norm(z)).clamp(max=1), z)

    worst = worst_case(value, network, project(z), 2, source, search, project)
    return replace(worst, value=-worst.value, bound="upper")


def range_restricted_isometry(
    operator: LinearOperator,
    network: Map,
    z: Tensor,
    source: torch.Generator,
    search: Search = Search(),  # noqa: B008 (frozen)
) -> Estimate:
    """Lower bound of the RRIC constant: the supremum of |<(A^H A - I) u, v>| / (||u|| ||v||).

    u = G(z1) - G(z2) and v = G(z3) - G(z4) (Cocola 2022, Def. 4.1; survey, Def. 3).

    Args:
        operator: shared by all items.
        network: z (B, *latent_shape) to x (B, *in_shape).
        z: (N, *latent_shape), the points of which tuples are drawn.
        source: of the tuples.
        search: how.

    Raises:
        ValueError: when no tuple of points has x1, x2 and x3, x4 that differ.
    """

    def value(x: Tensor) -> Tensor:
        x1, x2, x3, x4 = x.unbind(1)
        u, v, lengths = x1 - x2, x3 - x4, distance(x1, x2) * distance(x3, x4)
        deviation = (dot(operator(u), operator(v)) - dot(u, v)).abs() / lengths
        return torch.where(lengths > 0, deviation, -math.inf)

    return worst_case(value, network, z, 4, source, search)
