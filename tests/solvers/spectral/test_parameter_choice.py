"""Rules that choose alpha, against the alpha of least error."""

import pytest
import torch

from lit_inverse.operators import Integration
from lit_inverse.solvers import TSVD, SoftTSVD, Tikhonov
from lit_inverse.solvers.spectral import GCV, DiscrepancyPrinciple, LCurve, ParameterChoice, filters
from lit_inverse.solvers.spectral.singular_system import singular_system

DOUBLE = torch.float64
A = Integration(200)
ITEMS = 10


def bumps() -> torch.Tensor:
    t = (torch.arange(200, dtype=DOUBLE) + 0.5) / 200
    x = torch.exp(-((t - 0.3) ** 2) / 0.01) + 0.6 * torch.exp(-((t - 0.7) ** 2) / 0.005)
    return x / x.norm()


def noisy() -> tuple[torch.Tensor, float]:
    """y (10, 200) with noise of a tenth of its norm, and its sigma."""
    clean = A(bumps()[None])
    sigma = 0.1 * clean.norm() / 200**0.5
    eta = torch.randn(ITEMS, 200, dtype=torch.float32, generator=torch.Generator().manual_seed(0))
    return clean + sigma * eta.double(), float(sigma)


@pytest.mark.parametrize("choice", [DiscrepancyPrinciple(), GCV(), LCurve()])
@pytest.mark.parametrize(
    ("solver", "family"),
    [(Tikhonov, filters.TIKHONOV), (TSVD, filters.TSVD), (SoftTSVD, filters.SOFT_TSVD)],
)
def test_the_chosen_alpha_is_near_the_best(choice: ParameterChoice, solver: type, family: filters.Filter) -> None:
    y, sigma = noisy()
    system = singular_system(A, y, 100)
    alphas = family.alpha_of(system.thresholds(300))
    errors = torch.stack([(system.signals(family, alpha) - bumps()).norm(dim=1) for alpha in alphas])
    least, at = errors.min(0)
    best = alphas.gather(0, at[None])[0]
    solution = solver(choice).solve(y, A, sigma=sigma)
    ratio = solution.history["alpha"][0] / best
    assert ((ratio > 0.1) & (ratio < 10)).double().mean() >= 0.9  # the L-curve of TSVD is a staircase
    assert ((solution.x - bumps()).norm(dim=1) / least).median() < 2.5
    fixed = solver(float(solution.history["alpha"][0, 3])).solve(y[3:4], A)
    torch.testing.assert_close(solution.x[3:4], fixed.x, rtol=1e-6, atol=1e-8)


def test_the_discrepancy_is_that_of_the_noise() -> None:
    y, sigma = noisy()
    for tau in (1.0, 1.3):
        x = Tikhonov(DiscrepancyPrinciple(tau)).solve(y, A, sigma=sigma).x
        residual = (A(x) - y).square().sum(1)
        torch.testing.assert_close(residual, torch.full_like(residual, tau**2 * 200 * sigma**2), rtol=1e-6, atol=0)
    items = torch.linspace(0.5, 2, ITEMS, dtype=DOUBLE) * sigma
    alphas = SoftTSVD(DiscrepancyPrinciple()).solve(y, A, sigma=items).history["alpha"][0]
    alone = SoftTSVD(DiscrepancyPrinciple()).solve(y[4:5], A, sigma=items[4:5]).history["alpha"][0]
    torch.testing.assert_close(alphas[4:5], alone)


def test_without_noise_the_discrepancy_principle_does_not_regularise() -> None:
    y = A(bumps()[None])
    assert (TSVD(DiscrepancyPrinciple()).solve(y, A).x - bumps()).norm() < 1e-6


def test_gcv_is_as_defined() -> None:
    y, _ = noisy()
    system = singular_system(A, y[:1], 100)
    matrix = A(torch.eye(200, dtype=DOUBLE)).mT

    def score(alpha: float) -> float:
        influence = matrix @ torch.linalg.solve(matrix.mT @ matrix + alpha * torch.eye(200, dtype=DOUBLE), matrix.mT)
        return float((y[0] - influence @ y[0]).square().sum() / (200 - 1.4 * influence.trace()) ** 2)

    alpha = float(GCV()(system, filters.TIKHONOV, torch.zeros(1, dtype=DOUBLE)))
    assert score(alpha) <= min(score(alpha * factor) for factor in (0.5, 0.8, 1.25, 2.0))


def test_impossible_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="tau is 0"):
        DiscrepancyPrinciple(0.0)
    with pytest.raises(ValueError, match="gamma is 0.5, expected a finite number of at least 1"):
        GCV(gamma=0.5)
    with pytest.raises(ValueError, match="number is 20, expected more than 2 spacing = 20"):
        LCurve(number=20, spacing=10)
