"""Solvers that filter singular values, against closed forms."""

from collections.abc import Callable

import pytest
import torch

from lit_inverse.operators import CartesianFourier, Gaussian, Identity, Integration, LinearOperator, Matrix, Sign
from lit_inverse.solvers import TSVD, Landweber, SoftTSVD, Solver, Status, Tikhonov
from lit_inverse.solvers.spectral import filters, flattened
from lit_inverse.solvers.spectral.singular_system import singular_system

DOUBLE = torch.float64
A = Integration(60)


def draw(*shape: int, dtype: torch.dtype = DOUBLE, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def filtered(matrix: torch.Tensor, y: torch.Tensor, response: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    u, sigma, vh = torch.linalg.svd(matrix, full_matrices=False)
    gains: torch.Tensor = response(sigma) / sigma
    return (vh.mH @ (gains[..., None] * (u.mH @ y[..., None])))[..., 0]


@pytest.mark.parametrize("alpha", [0.3, 0.003])
@pytest.mark.parametrize(
    ("solver", "response"),
    [(TSVD, filters.tsvd), (SoftTSVD, filters.soft_tsvd), (Tikhonov, filters.tikhonov)],
)
class TestFilterSolvers:
    def test_closed_form_of_an_ill_posed_problem(self, solver: type, response: Callable, alpha: float) -> None:  # type: ignore[type-arg]
        y = draw(3, 60)
        matrix = A(torch.eye(60, dtype=DOUBLE)).mT
        expected = filtered(matrix, y, lambda sigma: response(sigma, alpha))
        solution = solver(alpha).solve(y, A, trace=[0, 3])
        torch.testing.assert_close(solution.x, expected, rtol=1e-7, atol=1e-8)
        assert torch.equal(solution.history["alpha"], torch.full((1, 3), alpha, dtype=DOUBLE))
        assert solution.status == [Status.CONVERGED] * 3

    @pytest.mark.parametrize("dtype", [DOUBLE, torch.complex128])
    @pytest.mark.parametrize("shape", [(8, 5), (5, 8), (2, 5, 8)])
    def test_closed_form_of_any_matrix(
        self,
        solver: type,
        response: Callable,
        alpha: float,
        shape: tuple[int, ...],
        dtype: torch.dtype,  # type: ignore[type-arg]
    ) -> None:
        matrix, y = draw(*shape, dtype=dtype), draw(2, shape[-2], dtype=dtype, seed=1)
        expected = filtered(matrix, y, lambda sigma: response(sigma, 10 * alpha))
        torch.testing.assert_close(solver(10 * alpha).solve(y, Matrix(matrix)).x, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("solver", [TSVD(0.1), SoftTSVD(0.01), Landweber(max_iter=20), Tikhonov(0.01)])
def test_a_real_x_from_complex_measurements(solver: Solver) -> None:
    operator = CartesianFourier((1, 6, 6), 2.0, 0.3, seed=1).double().on_reals()
    y = operator(draw(2, 1, 6, 6)) + 0.1 * draw(2, *operator.out_shape, dtype=torch.complex128)
    rows = operator(torch.eye(36, dtype=DOUBLE).view(36, 1, 6, 6)).flatten(1).mT
    plain = Matrix(torch.cat([rows.real, rows.imag]), operator.in_shape)
    found = solver.solve(y, operator).x
    assert not found.is_complex()
    expected = solver.solve(torch.cat([y.real, y.imag], -1).flatten(1), plain).x
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("tall", [True, False])
@pytest.mark.parametrize("solver", [SoftTSVD(0.05), TSVD(1e-6)])
def test_the_null_space_stays_at_0(solver: Solver, tall: bool) -> None:
    low_rank = draw(7, 2) @ draw(2, 5, seed=1)
    matrix = low_rank if tall else low_rank.mT
    x = solver.solve(draw(3, matrix.shape[0], seed=2), Matrix(matrix)).x
    torch.testing.assert_close(torch.linalg.pinv(matrix) @ matrix @ x.mT, x.mT)
    assert not solver.solve(draw(3, 7), Matrix(torch.zeros(7, 5, dtype=DOUBLE))).x.any()
    assert not solver.solve(torch.zeros(3, matrix.shape[0], dtype=DOUBLE), Matrix(matrix)).x.any()


@pytest.mark.parametrize(
    ("operator", "steps"),
    [
        (A, 60),
        (Matrix(draw(3, 12, 9)), 9),
        (CartesianFourier((1, 6, 6), 2.0, 0.3, seed=1).double(), 3),
        (Identity((5,)), 1),
    ],
)
def test_krylov_spaces_agree_with_singular_vectors(
    operator: LinearOperator, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = operator(draw(3, *operator.in_shape)) + 0.01
    solvers = [TSVD(0.05, steps), SoftTSVD(0.01, steps)]
    exact = [solver.solve(y, operator).x for solver in solvers]
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", 0)
    for solver, x in zip(solvers, exact, strict=True):
        torch.testing.assert_close(solver.solve(y, operator).x, x, rtol=1e-6, atol=1e-7)


def test_few_steps_do_where_filters_are_smooth_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    y = A(draw(2, 60)) + 0.01 * draw(2, 60, seed=1)
    alpha = torch.tensor([1e-3, 1e-2], dtype=DOUBLE)
    exact = singular_system(A, y, 60)
    monkeypatch.setattr(flattened, "_MOST_ENTRIES", 0)
    krylov = singular_system(A, y, 25)
    for of in ("signals", "residual", "size"):
        expected = getattr(exact, of)(filters.TIKHONOV, alpha)
        torch.testing.assert_close(getattr(krylov, of)(filters.TIKHONOV, alpha), expected, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(krylov.sigma[:, :3], exact.sigma[:, :3].expand(2, -1), rtol=1e-8, atol=0)
    solution = TSVD(0.1, max_iter=25).solve(y, A)
    assert solution.status == [Status.MAX_ITER] * 2
    assert solution.n_iter.tolist() == [25, 25]


def test_residual_and_size_are_those_of_x() -> None:
    matrix, y = draw(12, 9), draw(2, 12, seed=1)
    system, alpha = singular_system(Matrix(matrix), y, 1), torch.tensor([0.5, 2.0], dtype=DOUBLE)
    for family in (filters.TIKHONOV, filters.TSVD, filters.SOFT_TSVD):
        x = system.signals(family, alpha)
        torch.testing.assert_close(system.size(family, alpha), x.square().sum(1))
        torch.testing.assert_close(system.residual(family, alpha), (x @ matrix.mT - y).square().sum(1))


@pytest.mark.parametrize("solver", [TSVD(), SoftTSVD(), Landweber()])
def test_nonlinear_operators_are_refused(solver: Solver) -> None:
    with pytest.raises(ValueError, match="Sign is not linear"):
        solver.check_all(Sign(Gaussian((1, 6, 6), 20, 0)), None)


@pytest.mark.parametrize("solver", [TSVD, SoftTSVD, Tikhonov])
def test_impossible_settings_are_refused(solver: type) -> None:
    with pytest.raises(ValueError, match="alpha is 0"):
        solver(0.0)
    with pytest.raises(ValueError, match="max_iter is 0"):
        solver(max_iter=0)
