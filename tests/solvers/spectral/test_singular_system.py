"""What spectral methods see of A and y, where rounding decides."""

import pytest
import torch

from lit_inverse.operators import Fourier, Integration, LinearOperator, Matrix, SubsampledDCT
from lit_inverse.solvers import TSVD, Status
from lit_inverse.solvers.spectral import GCV, DiscrepancyPrinciple, LCurve, ParameterChoice, filters, flattened
from lit_inverse.solvers.spectral.singular_system import singular_system

DOUBLE = torch.float64


def draw(*shape: int, dtype: torch.dtype = DOUBLE, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def orthogonal_rows(name: str) -> LinearOperator:
    if name == "Fourier":
        return Fourier((1, 6, 6), draw(6, 6) < 0)
    return SubsampledDCT((1, 6, 6), 14, 0)


@pytest.mark.parametrize("choice", [GCV(), DiscrepancyPrinciple(), LCurve()])
@pytest.mark.parametrize("precision", [torch.float32, DOUBLE])
@pytest.mark.parametrize("name", ["Fourier", "DCT"])
def test_equal_singular_values_are_kept_together(name: str, precision: torch.dtype, choice: ParameterChoice) -> None:
    operator = orthogonal_rows(name).to(precision)
    y = operator(draw(2, 1, 6, 6).to(precision)) + 0.3
    torch.testing.assert_close(TSVD(choice).solve(y, operator, sigma=0.1).x, operator.pinv(y), rtol=1e-4, atol=1e-5)


def test_singular_values_that_are_near_each_other_are_not_mistaken_for_one() -> None:
    """A chain of 500, each within rounding of the next."""
    u, v = (torch.linalg.qr(draw(500, 500, seed=seed)).Q for seed in (0, 1))
    operator = Matrix(((u * (1 + 1e-5 * torch.arange(500))) @ v.mT).float())
    x = draw(1, 500, seed=2).float()
    assert (TSVD(1e-3).solve(operator(x), operator).x - x).norm() < 1e-5 * x.norm()
    assert not TSVD(1.01).solve(operator(x), operator).x.any()


@pytest.mark.parametrize("choice", [GCV(), DiscrepancyPrinciple(), LCurve()])
def test_the_alpha_that_is_told_is_the_one_that_was_used(choice: ParameterChoice) -> None:
    operator = Integration(100)
    y = operator(torch.ones(8, 100)) + 0.02 * draw(8, 100).float()
    found = TSVD(choice).solve(y, operator, sigma=0.02)
    for i, alpha in enumerate(found.history["alpha"][0].tolist()):
        torch.testing.assert_close(TSVD(alpha).solve(y[i : i + 1], operator).x, found.x[i : i + 1])


@pytest.mark.parametrize("rows", [50, 30])
@pytest.mark.parametrize("is_small", [True, False])
def test_what_no_x_explains_is_not_lost_to_rounding(rows: int, is_small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, eta = draw(rows, 30), 1e-9 * draw(2, rows, seed=1)
    outside = eta - (matrix @ torch.linalg.lstsq(matrix, eta.mT).solution).mT
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", is_small * (1 << 22))
    system = singular_system(Matrix(matrix), draw(2, 30, seed=2) @ matrix.mT + eta, 30)
    expected = outside.square().sum(1) if rows > 30 else torch.zeros(2, dtype=DOUBLE)
    torch.testing.assert_close(system.rest, expected, rtol=1e-4, atol=1e-24)


def test_many_unknowns_do_not_make_ritz_values_rounding() -> None:
    """In single precision eps n ||A|| is far above singular values that matter."""
    operator = Integration(30000)
    y = operator(torch.ones(1, 30000)) + 0.01 * draw(1, 30000, dtype=torch.float32)
    system = singular_system(operator, y, 60)
    assert (system.sigma > 0).all()
    solution = TSVD(0.05, max_iter=60).solve(y, operator)
    assert solution.status == [Status.MAX_ITER]
    assert solution.n_iter.tolist() == [60]


@pytest.mark.parametrize("family", [filters.TIKHONOV, filters.SOFT_TSVD, filters.TSVD])
@pytest.mark.parametrize("rows", [80, 120])
def test_free_directions_count_singular_values_that_were_not_found(
    rows: int, family: filters.Filter, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, y = Matrix(draw(3, rows, 100) / 10), draw(3, rows, seed=1)
    alpha = family.alpha_of(torch.tensor([0.3, 0.8, 1.2], dtype=DOUBLE))
    exact = singular_system(operator, y, 10).free(family, alpha)
    sigma = torch.linalg.svdvals(operator.matrix)
    damped = 1 - family.response(sigma, alpha[:, None])
    torch.testing.assert_close(exact, tuple((damped**power).sum(1) + rows - sigma.shape[1] for power in (1, 2)))
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", 0)
    estimate = singular_system(operator, y, 10).free(family, alpha)
    torch.testing.assert_close(estimate, exact, rtol=0, atol=4)  # of 80 or 120


def test_repeated_items_share_their_decomposition() -> None:
    operator = Matrix(draw(2, 9, 12)).take([0, 0, 1, 1])
    y = draw(4, 9, seed=1)
    assert flattened.Flattened(operator, y).matrix().shape == (2, 9, 12)
    system = singular_system(operator, y, 9)
    for i in range(4):
        alone = singular_system(operator.take([i]), y[i : i + 1], 9)
        alpha = torch.ones(4, dtype=DOUBLE)
        found = system.signals(filters.TIKHONOV, alpha)[i : i + 1]
        torch.testing.assert_close(found, alone.signals(filters.TIKHONOV, alpha[:1]))
