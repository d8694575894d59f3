"""Rules that choose alpha, against the alpha of least error."""

import pytest
import torch

from lit_inverse.operators import Blur, Integration, LinearOperator, Matrix
from lit_inverse.solvers import TSVD, SoftTSVD, Tikhonov
from lit_inverse.solvers.spectral import GCV, DiscrepancyPrinciple, LCurve, ParameterChoice, filters, flattened
from lit_inverse.solvers.spectral.singular_system import singular_system

DOUBLE = torch.float64
A = Integration(200)
ITEMS = 10


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def blur(deviation: float = 1.0) -> LinearOperator:
    kernel = torch.exp(-torch.arange(-5, 6, dtype=DOUBLE).square() / (2 * deviation**2))
    kernel = kernel[:, None] * kernel
    return Blur((1, 32, 32), kernel=kernel / kernel.sum()).double()


def blocks() -> torch.Tensor:
    x = torch.zeros(1, 1, 32, 32, dtype=DOUBLE)
    x[..., 6:20, 10:17], x[..., 17:27, 20:27] = 1, 0.5
    return x


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


@pytest.mark.parametrize("rho", [1.0, 0.8, 0.3])
def test_gcv_is_as_defined(rho: float) -> None:
    y, _ = noisy()
    system = singular_system(A, y[:1], 100)
    matrix = A(torch.eye(200, dtype=DOUBLE)).mT

    def score(alpha: float) -> float:
        influence = matrix @ torch.linalg.solve(matrix.mT @ matrix + alpha * torch.eye(200, dtype=DOUBLE), matrix.mT)
        residual = (y[0] - influence @ y[0]).square().sum()
        robust = rho + (1 - rho) * (influence @ influence).trace() / 200
        return float(residual / (200 - influence.trace()) ** 2 * robust)

    alpha = float(GCV(rho)(system, filters.TIKHONOV, torch.zeros(1, dtype=DOUBLE)))
    assert score(alpha) <= min(score(alpha * factor) for factor in (0.5, 0.8, 1.25, 2.0))


def ratios(operator: LinearOperator, x: torch.Tensor, y: torch.Tensor, family: filters.Filter) -> torch.Tensor:
    """Errors of what GCV chooses over the least of any alpha, (B,)."""
    system = singular_system(operator, y, 100)

    def error(alpha: torch.Tensor) -> torch.Tensor:
        return (system.signals(family, alpha) - x.flatten(1)).norm(dim=1)

    least = torch.stack([error(family.alpha_of(sigma)) for sigma in system.thresholds(60, 1e-3)]).amin(0)
    return error(GCV()(system, family, torch.zeros(len(y), dtype=DOUBLE))) / least


@pytest.mark.parametrize(("family", "most"), [(filters.TIKHONOV, 4), (filters.SOFT_TSVD, 2.1), (filters.TSVD, 4)])
@pytest.mark.parametrize("share", [0.1, 0.01, 0.001])
def test_gcv_regularises_in_every_draw(share: float, family: filters.Filter, most: float) -> None:
    """What docs/theory.md says."""
    clean = A(bumps()[None])
    y = clean + share * clean.norm() / 200**0.5 * draw(40, 200, seed=7)
    assert (ratios(A, bumps()[None], y, family) < most).all()


@pytest.mark.parametrize("sigma", [0.03, 1e-3, 1e-5])
@pytest.mark.parametrize("deviation", [0.4, 0.6])
def test_gcv_regularises_a_mild_blur_no_more_than_is_best(deviation: float, sigma: float) -> None:
    """The best alpha leaves few directions out, or hardly any."""
    operator, x = blur(deviation), blocks()
    y = operator(x) + sigma * draw(1, 1, 32, 32, seed=3)
    assert (ratios(operator, x, y, filters.TIKHONOV) < 1.8).all()
    if sigma > 1e-3:
        assert (ratios(operator, x, y, filters.SOFT_TSVD) < 1.2).all()


@pytest.mark.parametrize("rho", [1.0, 0.8, 0.1])
@pytest.mark.parametrize("solver", [Tikhonov, TSVD, SoftTSVD])
def test_gcv_leaves_a_well_conditioned_problem_alone(solver: type, rho: float) -> None:
    matrix, x = draw(200, 50) / 200**0.5, draw(1, 50, seed=1)
    y = x @ matrix.mT + 1e-3 * draw(1, 200, seed=2)
    least_squares = torch.linalg.lstsq(matrix, y.mT).solution.mT
    found = solver(GCV(rho)).solve(y, Matrix(matrix)).x
    assert (found - x).norm() < 1.05 * (least_squares - x).norm()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("solver", [TSVD, SoftTSVD])
def test_five_directions_beside_the_range_are_enough_for_gcv(solver: type, seed: int) -> None:
    """Whatever rounding makes of five; with four TSVD is far off."""
    u, v = (torch.linalg.qr(draw(size, 100, seed=seed)).Q for size in (105, 100))
    matrix, x = u * torch.logspace(0, -1, 100, dtype=DOUBLE) @ v.mT, draw(1, 100, seed=seed + 10)
    y = x @ matrix.mT + 1e-3 * draw(1, 105, seed=seed + 20)
    found = solver(GCV()).solve(y, Matrix(matrix)).x
    assert (found - x).norm() < 0.01 * x.norm()


@pytest.mark.parametrize(("solver", "least"), [(Tikhonov, 0.285), (SoftTSVD, 0.291), (TSVD, 0.256)])
def test_gcv_of_a_krylov_space_is_as_good_as_of_all_singular_values(
    solver: type, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, x = blur(), blocks()
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", 0)
    found = solver(GCV()).solve(operator(x) + 0.03 * draw(1, 1, 32, 32, seed=1), operator).x
    assert (found - x).norm() / x.norm() < 1.05 * least  # measured with all singular values


def test_steps_that_do_not_come_down_to_the_noise_regularise(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, x = blur(), blocks()
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", 0)
    y = operator(x)
    system, nothing = singular_system(operator, y, 20), torch.zeros(1, dtype=DOUBLE)
    smallest = float(system.smallest.square())
    rule = DiscrepancyPrinciple()
    rest = system.residual(filters.TIKHONOV, nothing)
    out_of_reach, in_reach = (rule(system, filters.TIKHONOV, share * rest) for share in (0.5, 2.0))
    assert float(out_of_reach) == pytest.approx(smallest)
    torch.testing.assert_close(system.residual(filters.TIKHONOV, in_reach), rule.tau**2 * 2 * rest)
    assert float(rule(system, filters.TIKHONOV, nothing)) < 1e-20 * smallest  # without noise nothing is regularised


def test_impossible_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="tau is 0"):
        DiscrepancyPrinciple(0.0)
    for rho in (0.0, 1.1):
        with pytest.raises(ValueError, match=f"robustness is {rho}, expected 0 < robustness <= 1"):
            GCV(robustness=rho)
    with pytest.raises(ValueError, match="number is 20, expected more than 2 spacing = 20"):
        LCurve(number=20, spacing=10)
