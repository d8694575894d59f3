"""How near an operator is to an isometry of sparse vectors."""

import math

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.theory.constants.gram import gram_matrix
from lit_inverse.theory.estimate import Estimate

_MOST = 1_000_000  # supports that are looked at one by one


@torch.no_grad()
def restricted_isometry_bounds(
    operator: LinearOperator,
    s: int,
    source: torch.Generator,
    n_samples: int = 1000,
    n_starts: int = 8,
    max_sweeps: int = 10,
) -> dict[str, Estimate]:
    """Bounds of delta_s, the least delta with (1 - delta) ||x||^2 <= ||A x||^2 <= (1 + delta) ||x||^2, x s-sparse.

    delta_s is the largest ||A_S^H A_S - I||_2 over supports S of s indices (survey, eq. (8)). "sampled" is the worst of
    random supports. "found" begins with the worst of these and makes them worse by exchanges: each index in turn for
    the one of all n that is worst with the others, until nothing changes. "Gershgorin" is `gershgorin_isometry`. The
    exact value is NP-hard to find.

    Args:
        operator: shared by all items.
        s: 1 <= s <= n.
        source: of the supports.
        n_samples: random supports.
        n_starts: how many of them are made worse, at least 1.
        max_sweeps: largest number of sweeps over the s indices, of n eigenvalue problems each.
    """
    gram = _gram(operator, s)
    draws = torch.rand(n_samples, operator.n, generator=source, dtype=torch.float32)
    supports = draws.topk(s).indices.to(gram.device)
    sampled = _deviations(gram, supports)
    worst = supports[sampled.topk(min(n_starts, n_samples)).indices]
    for _ in range(max_sweeps):
        before, worst = worst, _exchanged(gram, worst)
        if torch.equal(before, worst):
            break
    found = torch.maximum(sampled.max(), _deviations(gram, worst).max())
    return {
        "found": Estimate(found.item(), "lower", n=n_samples),
        "sampled": Estimate(sampled.max().item(), "lower", n=n_samples),
        "Gershgorin": _gershgorin(gram, s),
    }


@torch.no_grad()
def exact_restricted_isometry(operator: LinearOperator, s: int) -> Estimate:
    """delta_s from all supports.

    Raises:
        ValueError: when there are more than 10^6 of them.
    """
    if math.comb(operator.n, s) > _MOST:
        raise ValueError(f"there are {math.comb(operator.n, s)} supports, expected at most {_MOST}")
    gram = _gram(operator, s)
    supports = torch.combinations(torch.arange(operator.n, device=gram.device), s)
    return Estimate(_deviations(gram, supports).max().item(), "exact")


@torch.no_grad()
def gershgorin_isometry(operator: LinearOperator, s: int) -> Estimate:
    """Upper bound of delta_s: max over i of |G_ii - 1| + the s - 1 largest |G_ij|, j != i, with G = A^H A.

    By Gershgorin's discs; with unit columns it is at most (s - 1) times the mutual coherence.
    """
    return _gershgorin(_gram(operator, s), s)


def _gershgorin(gram: Tensor, s: int) -> Estimate:
    rows = gram.abs()
    rows.diagonal().zero_()
    centres = (gram.diagonal() - 1).abs()
    return Estimate((centres + rows.topk(s - 1).values.sum(1)).max().item(), "upper")


def _gram(operator: LinearOperator, s: int) -> Tensor:
    if not 1 <= s <= operator.n:
        raise ValueError(f"s is {s}, expected 1 <= s <= n = {operator.n}")
    return gram_matrix(operator)


def _deviations(gram: Tensor, supports: Tensor) -> Tensor:
    """||A_S^H A_S - I||_2 of supports (B, s)."""

    def of(part: Tensor) -> Tensor:
        eigenvalues: Tensor = torch.linalg.eigvalsh(gram[part.unsqueeze(2), part.unsqueeze(1)])
        return torch.maximum(eigenvalues[:, -1] - 1, 1 - eigenvalues[:, 0])

    at_once = max(1, (1 << 24) // supports.shape[1] ** 2)
    return torch.cat([of(part) for part in torch.split(supports, at_once)])


def _exchanged(gram: Tensor, supports: Tensor) -> Tensor:
    """Supports (B, s) after a sweep: none is better than before."""
    n, s = len(gram), supports.shape[1]
    for place in range(s):
        trials = supports.unsqueeze(1).repeat(1, n, 1)
        trials[:, :, place] = torch.arange(n, device=gram.device)
        deviations = _deviations(gram, trials.flatten(0, 1)).view(-1, n)
        others = supports[:, [i for i in range(s) if i != place]]
        supports = trials[torch.arange(len(trials)), deviations.scatter(1, others, -math.inf).argmax(1)]
    return supports
