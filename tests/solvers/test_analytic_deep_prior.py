"""The analytic deep prior against its theory."""

import pytest
import torch
from jsonargparse import ArgumentParser

from lit_inverse.operators import Gaussian, Identity, Integration, Matrix, Sign
from lit_inverse.solvers import FISTA, AnalyticDeepPrior, SoftTSVD, Solver, Status, Tikhonov
from lit_inverse.solvers.analytic import L1, TV, Exact, Form, Unrolled
from lit_inverse.theory.analytic_deep_prior.predictions import scalar_descent

DOUBLE = torch.float64
A = Integration(200)
U, SIGMA, V = A.singular_system(torch.zeros(0, dtype=DOUBLE))


def singular(k: int, delta: float = 0.002) -> torch.Tensor:
    """(sigma_k + delta) times the k-th left singular vector, (1, 200)."""
    return (SIGMA[k - 1] + delta) * U[:, k - 1][None]


def noisy(x: torch.Tensor, snr: float, seeds: range) -> torch.Tensor:
    clean = A(x[None])
    eta = [torch.randn(200, dtype=torch.float32, generator=torch.Generator().manual_seed(s)).double() for s in seeds]
    return clean + clean.norm() * 10 ** (-snr / 20) / 200**0.5 * torch.stack(eta)


def test_descent_along_a_singular_vector_is_that_of_its_singular_value() -> None:
    solution = AnalyticDeepPrior(1e-3, lr=1.0, max_iter=15).solve(singular(7), A, trace=range(16))
    betas = torch.tensor(scalar_descent(float(SIGMA[6]), 0.002, 1e-3, 1.0, 15), dtype=DOUBLE)
    expected = betas / (betas.square() + 1e-3) * (SIGMA[6] + 0.002)
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[:, 0] @ V[:, 6], expected, rtol=1e-10, atol=1e-12)


def test_figure_4_2() -> None:
    found = AnalyticDeepPrior(1e-3, lr=0.01, lr_unit="relative", max_iter=200).solve(singular(7), A)
    assert (found.x[0] @ V[:, 6]).item() == pytest.approx(0.805246, abs=5e-7)
    torch.testing.assert_close(found.x, SoftTSVD(1e-3).solve(singular(7), A).x, rtol=0, atol=1e-8)
    assert (Tikhonov(1e-3).solve(singular(7), A).x[0] @ V[:, 6]).item() == pytest.approx(0.734192, abs=5e-7)
    assert (A.pinv(singular(7))[0] @ V[:, 6]).item() == pytest.approx(1.040876, abs=5e-7)


@pytest.mark.parametrize(("alpha", "reached", "tikhonov"), [(1e-3, 0.229, 0.299), (1e-2, 0.754, 0.808)])
def test_figure_4_6(alpha: float, reached: float, tikhonov: float) -> None:
    x = V[:, 6]
    y = noisy(x, 17.06, range(2))
    # 10 times the step of the paper: the same descent
    solution = AnalyticDeepPrior(alpha, lr=0.5, max_iter=150).solve(y, A, trace=[0])
    error = (solution.x - x).norm(dim=1)
    assert solution.iterates is not None
    first = (solution.iterates[0] - x).norm(dim=1)
    assert error.mean().item() == pytest.approx(reached, rel=0.06)
    assert first.mean().item() == pytest.approx(tikhonov, rel=0.06)
    assert (error < first).all()


def test_iterate_0_is_that_of_tikhonov() -> None:
    operator = Gaussian((1, 6, 6), 20, [0, 1]).double()
    y = torch.randn(2, 20, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    solution = AnalyticDeepPrior(0.1, lr=1e-3, max_iter=3).solve(y, operator, trace=[0])
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[0], Tikhonov(0.1).solve(y, operator).x, rtol=1e-8, atol=1e-10)
    loss = solution.history["loss"]
    assert loss.shape == (4, 2)
    assert (loss.diff(dim=0) < 0).all()
    torch.testing.assert_close(loss[-1], (operator(solution.x) - y).square().sum(1) / 2)
    assert solution.status == [Status.MAX_ITER] * 2
    assert solution.n_iter.tolist() == [3, 3]


def test_the_relative_step_does_not_depend_on_units() -> None:
    operator = Gaussian((30,), 20, 0).double()
    y = torch.randn(1, 20, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    one = AnalyticDeepPrior(0.1, lr=1e-3, lr_unit="relative", max_iter=20).solve(y, operator).x
    other = AnalyticDeepPrior(10.0, lr=1e-3, lr_unit="relative", max_iter=20).solve(50 * y, 10.0 * operator).x
    torch.testing.assert_close(other, 5 * one, rtol=1e-5, atol=1e-8)  # norms of A are rounded to single precision


def test_an_item_stops_where_its_residual_is_that_of_the_noise() -> None:
    y = noisy(V[:, 2], 17.06, range(2))
    sigma = torch.tensor([1e-9, 1.1 * float((y[1] - A(V[:, 2][None])).std())], dtype=DOUBLE)
    solver = AnalyticDeepPrior(0.003, lr=0.003, lr_unit="relative", max_iter=60, tau=1.0)
    solution = solver.solve(y, A, sigma=sigma, trace=range(61))
    assert solution.status == [Status.MAX_ITER, Status.STOPPED_EARLY]
    stop = int(solution.n_iter[1])
    loss, goal = solution.history["loss"][:, 1], 200 * sigma[1] ** 2 / 2
    assert 0 < stop < 60
    assert loss[stop] <= goal < loss[stop - 1]
    assert solution.iterates is not None
    torch.testing.assert_close(solution.x[1], solution.iterates[stop, 1])


def test_divergence_is_told_and_the_best_iterate_given() -> None:
    for lr in (1e4, 1e200):
        solution = AnalyticDeepPrior(0.1, lr=lr, max_iter=20).solve(noisy(V[:, 2], 17.06, range(1)), A)
        loss = (A(solution.x) - noisy(V[:, 2], 17.06, range(1))).square().sum() / 2
        if solution.status == [Status.DIVERGED]:
            finite = solution.history["loss"][solution.history["loss"].isfinite()]
            torch.testing.assert_close(loss, finite.min())
        assert torch.isfinite(solution.x).all()
    assert solution.status == [Status.DIVERGED]


def test_layers_have_the_limit_of_the_closed_form() -> None:
    small = Integration(12)
    y = small(torch.ones(1, 12, dtype=DOUBLE))
    settings = {"alpha": 0.05, "lr": 0.2, "max_iter": 300}
    exact = AnalyticDeepPrior(**settings).solve(y, small).x  # type: ignore[arg-type]
    layers = AnalyticDeepPrior(form=Unrolled(), **settings).solve(y, small).x  # type: ignore[arg-type]
    torch.testing.assert_close(layers, exact, rtol=0.01, atol=0.01)


def test_with_the_l1_norm_it_begins_at_the_lasso_and_lowers_the_loss() -> None:
    operator = Gaussian((30,), 20, 0).double()
    x = torch.zeros(1, 30, dtype=DOUBLE)
    x[0, [3, 11]] = torch.tensor([1.0, -2.0], dtype=DOUBLE)
    y = operator(x)
    lasso = FISTA(lam=0.3, gap=1e-12, max_iter=5000).solve(y, operator).x
    still = AnalyticDeepPrior(0.3, form=Unrolled(n_layers=50, penalty=L1()), lr=1e-12, max_iter=20).solve(y, operator)
    torch.testing.assert_close(still.x, lasso, rtol=0, atol=1e-6)
    learned = AnalyticDeepPrior(0.3, form=Unrolled(penalty=L1()), lr=0.02, max_iter=200).solve(y, operator)
    assert learned.history["loss"][-1] < 0.1 * still.history["loss"][-1]
    assert (learned.x - x).norm() < 0.5 * (lasso - x).norm()


def test_with_total_variation_steps_stay_steps() -> None:
    x = torch.zeros(1, 16, dtype=DOUBLE)
    x[0, 8:] = 1
    eta = 0.1 * torch.randn(1, 16, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    solver = AnalyticDeepPrior(0.5, form=Unrolled(5, TV(50)), lr=0.01, max_iter=3)
    found = solver.solve(x + eta, Identity((16,)).double()).x
    assert found.diff().abs().argmax() == 7
    assert (found - x).norm() < 0.5 * eta.norm()


def test_a_complex_x_from_real_measurements_keeps_its_imaginary_part() -> None:
    source = torch.Generator().manual_seed(0)
    operator = Matrix(torch.randn(12, 9, dtype=torch.complex128, generator=source))
    y = torch.randn(1, 12, dtype=DOUBLE, generator=source)
    solution = AnalyticDeepPrior(0.1, lr=1e-12, max_iter=1).solve(y, operator, trace=[0])
    torch.testing.assert_close(solution.x, Tikhonov(0.1).solve(y, operator).x, rtol=1e-8, atol=1e-9)
    assert solution.iterates is not None
    assert solution.iterates.dtype == torch.complex128


@pytest.mark.parametrize("form", [Exact(), Unrolled(3), Unrolled(3, L1()), Unrolled(3, TV(5))])
def test_nothing_is_seen_through_an_operator_that_is_0(form: Form) -> None:
    matrices = torch.randn(3, 4, 6, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    matrices[1] = 0
    y = torch.ones(3, 4, dtype=DOUBLE)
    solver = AnalyticDeepPrior(0.1, form, lr=1e-3, max_iter=5)
    solution = solver.solve(y, Matrix(matrices))
    assert solution.status == [Status.MAX_ITER] * 3
    assert not solution.x[1].any()
    torch.testing.assert_close(solution.x[:1], solver.solve(y[:1], Matrix(matrices[:1])).x)


@pytest.mark.parametrize("alpha", [1e-3, 1e-6])
def test_single_precision_does_not_spoil_a_small_alpha(alpha: float) -> None:
    source = torch.Generator().manual_seed(0)
    matrix = torch.cat([torch.randn(30, 60, generator=source, dtype=torch.float32) / 8, torch.zeros(40, 60)])
    y = torch.cat([torch.randn(2, 30, generator=source, dtype=torch.float32), torch.zeros(2, 40)], 1)
    solver = AnalyticDeepPrior(alpha, lr=0.01, max_iter=20)
    expected, found = solver.solve(y.double(), Matrix(matrix.double())).x, solver.solve(y, Matrix(matrix)).x
    assert found.dtype == torch.float32
    assert (found - expected).norm() < 1e-6 * expected.norm()


def test_repeated_items_are_as_alone() -> None:
    operator = Gaussian((12,), 9, [0, 1]).double().take([0, 0, 1, 1])
    y = torch.randn(4, 9, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    solver = AnalyticDeepPrior(0.1, lr=0.01, max_iter=5)
    alone = [solver.solve(y[i : i + 1], operator.take([i])).x for i in range(4)]
    torch.testing.assert_close(solver.solve(y, operator).x, torch.cat(alone))


def test_what_it_can_not_do_is_refused() -> None:
    with pytest.raises(ValueError, match="Sign is not linear"):
        AnalyticDeepPrior().check_all(Sign(Gaussian((36,), 20, 0)), None)
    with pytest.raises(ValueError, match="A has 5000 x 5000 entries, expected at most"):
        AnalyticDeepPrior().check_all(Identity((5000,)), None)
    with pytest.raises(ValueError, match="lr is 0"):
        AnalyticDeepPrior(lr=0.0)
    with pytest.raises(ValueError, match="lr_unit is 'tea'"):
        AnalyticDeepPrior(lr_unit="tea")  # type: ignore[arg-type]


def test_layers_of_a_settings_file_work_for_callers_in_inference_mode(untouched_rng: None) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Solver, "solver")
    parts = "lit_inverse.solvers.analytic"
    form = {"class_path": f"{parts}.Unrolled", "init_args": {"n_layers": 3, "penalty": {"class_path": f"{parts}.TV"}}}
    settings = {"class_path": "lit_inverse.solvers.AnalyticDeepPrior", "init_args": {"form": form, "max_iter": 2}}
    solver = parser.instantiate(parser.parse_object({"solver": settings})).solver
    operator = Gaussian((1, 5, 4), 10, [0, 1])
    y = torch.randn(2, 10, dtype=torch.float32, generator=torch.Generator().manual_seed(0))
    expected = solver.solve(y, operator).x
    assert expected.shape == (2, 1, 5, 4)
    assert expected.dtype == torch.float32
    with torch.inference_mode():
        torch.testing.assert_close(solver.solve(y * 1, Gaussian((1, 5, 4), 10, [0, 1])).x, expected)
