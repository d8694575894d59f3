"""Compressive sensing of smooth signals: the linear generator against closed forms, and the command."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from datamodules.smooth_signals import trigonometric_basis
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.theory.records import read_records
from lit_inverse.theory.smooth_signals import experiment
from lit_inverse.theory.smooth_signals.experiment import run, settings
from lit_inverse.theory.smooth_signals.figure import under_bound
from lit_inverse.theory.smooth_signals.linear import Pace, descent, minimum_norm, pace
from lit_inverse.theory.smooth_signals.trials import Along, Network, Setting, Trial, circulant, measure, measured
from lit_inverse.theory.two_layer import expected_gram, in_order_of_basis, predicted_spectrum, recovery_bound, triangle

SMALL = Network(n=48, width=16, half_width=6)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed))


def test_minimum_norm_is_the_pseudo_inverse_of_equation_5() -> None:
    jacobian, matrix, y = _random(10, 30), _random(3, 6, 10, seed=1), _random(3, 6, seed=2)
    expected = (jacobian @ torch.linalg.pinv(matrix @ jacobian) @ y[..., None])[..., 0]
    torch.testing.assert_close(minimum_norm(jacobian @ jacobian.T, matrix, y), expected)


def test_descent_is_that_of_the_coefficients_and_ends_at_the_minimum_norm() -> None:
    jacobian, matrix, y = _random(10, 30), _random(1, 6, 10, seed=1), _random(1, 6, seed=2)
    gram = jacobian @ jacobian.T
    steps = pace(gram, matrix, decay=1e-9, max_iter=10_000)
    product = matrix[0] @ jacobian
    c, move = torch.zeros(30, dtype=torch.float64), torch.zeros(30, dtype=torch.float64)
    for t, x in enumerate(descent(gram, matrix, y, steps)):
        if t < 30:
            torch.testing.assert_close(x[0], jacobian @ c)
        move = steps.momentum * move + product.T @ (product @ c - y[0])
        c = c - steps.step * move
    assert t == steps.n_iter
    torch.testing.assert_close(x, minimum_norm(gram, matrix, y), rtol=1e-5, atol=1e-5)


def test_without_momentum_residuals_are_those_of_proposition_2() -> None:
    gram, matrix, y = torch.eye(10).double() * 2, _random(1, 6, 10, seed=1), _random(1, 6, seed=2)
    product = matrix[0] @ gram @ matrix[0].T
    for t, x in enumerate(descent(gram, matrix, y, Pace(0.01, 0.0, 9))):
        expected = torch.linalg.matrix_power(torch.eye(6).double() - 0.01 * product, t) @ y[0]
        torch.testing.assert_close(y[0] - matrix[0] @ x[0], expected)


@pytest.mark.parametrize("decay", [1e-2, 1e-6])
def test_pace_is_enough_and_far_less_than_without_momentum(decay: float) -> None:
    gram, matrix, y = circulant(expected_gram(triangle(60, 10))), _random(2, 20, 60, seed=1), _random(2, 20, seed=2)
    steps = pace(gram, matrix, decay)

    def residual(chosen: Pace) -> float:
        *_, x = descent(gram, matrix, y, chosen)
        return float((matrix @ x[..., None] - y[..., None]).norm() / y.norm())

    assert residual(steps) < 20 * decay  # the critical factor grows linearly
    assert residual(replace(steps, momentum=0.0)) > 10 * residual(steps)
    assert pace(gram, matrix, decay, max_iter=7).n_iter == 7
    assert pace(torch.diag(torch.tensor([1.0, 0.0])).double(), torch.eye(2).double()[None], max_iter=5).n_iter == 5


def test_theorem_1_holds_with_the_constant_of_its_proof() -> None:
    n, m, trials = 60, 20, 100
    u, basis = triangle(n, 10), trigonometric_basis(n, n)
    matrix, coefficients = _random(trials, m, n) / math.sqrt(m), _random(trials, n, seed=1)
    x = coefficients @ basis.T
    found = minimum_norm(circulant(expected_gram(u)), matrix, (matrix @ x[..., None])[..., 0])
    sigma = in_order_of_basis(predicted_spectrum(u))
    assert ((found - x).square().sum(1) <= recovery_bound(sigma, coefficients, m)).all()


def test_a_wide_network_is_near_the_linear_generator_and_few_measurements_are_not_enough() -> None:
    lazy = Network(n=48, width=2048, half_width=6, omega=0.5)
    (found, along), (few, _) = (measure(Setting(5, m, 0.0), lazy, 2, 150) for m in (30, 12))
    for one in (*found, *few):
        assert one.residual < 0.03
        assert one.error == pytest.approx(one.linear, abs=0.25)
    assert sum(one.error for one in found) < 0.6 * sum(one.error for one in few)
    late = along[-1]
    assert late.network == pytest.approx(sum(one.error for one in found) / 2, rel=0.2)
    assert late.linear == pytest.approx(sum(one.linear for one in found) / 2, abs=0.05)


def test_noise_is_as_large_as_told_and_leaves_an_error() -> None:
    x = _random(50, 48)
    x = x / x.norm(dim=1, keepdim=True)
    operator, y = measured(x, Setting(5, 40, 0.5))
    eta = y - (operator.matrix.double() @ x[..., None])[..., 0]
    assert float(eta.square().sum(1).mean()) == pytest.approx(0.25, rel=0.1)
    exact, noisy = (measure(Setting(5, 30, level), SMALL, 3, 100)[0] for level in (0.0, 0.5))
    assert all(a.linear < b.linear for a, b in zip(exact, noisy, strict=True))
    assert all(one.best <= one.error and one.best_at <= one.n_iter for one in noisy)


def test_levels_of_noise_have_the_same_operator_and_the_same_direction_of_noise() -> None:
    x = _random(2, 48)
    found = [measured(x, Setting(5, 30, level)) for level in (0.0, 0.1, 0.2)]
    (exact, clean), (some, y), (more, noisier) = found
    assert torch.equal(exact.matrix, some.matrix)
    assert torch.equal(exact.matrix, more.matrix)
    torch.testing.assert_close(2 * (y - clean), noisier - clean)
    assert not torch.equal(exact.matrix, measured(x, Setting(6, 30, 0.0))[0].matrix)


def test_draws_are_those_of_files_that_were_written_before() -> None:
    operator, _ = measured(_random(1, 48), Setting(5, 30, 0.2))
    seed = derive_seed(0, "operator", "Setting(p=5, m=30, noise=0.0)/0", 0)
    assert torch.equal(operator.matrix, Gaussian((48,), 30, [seed]).matrix)


def test_settings_are_those_of_the_theorem() -> None:
    made = settings([5, 20], [1.0, 3.0, 6.0], [0.1], 300, 100)
    assert made == [Setting(5, 15, 0), Setting(5, 30, 0), Setting(20, 20, 0), Setting(20, 60, 0), Setting(20, 60, 0.1)]


def test_constant_is_fitted_at_one_p_and_held_to_the_others() -> None:
    setting = Setting(5, 15, 0.0)
    base = Trial(
        **vars(setting),
        **vars(SMALL),
        signal=0,
        error=1,
        best=1,
        best_at=0,
        linear=1,
        bound=2,
        residual=0,
        n_iter=1,
        max_iter=1,
    )
    trials = [base, replace(base, error=2.0), replace(base, p=6, error=1.9), replace(base, p=7, error=2.1)]
    assert under_bound(trials, 5) == (2.0, 0.5)
    assert under_bound([*trials, replace(base, error=9.0, noise=0.1)], 5) == (2.0, 0.5)
    assert all(math.isnan(one) for one in under_bound(trials, 99))


def test_command_writes_its_files_and_measures_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"ps": [5, 20], "ratios": [3.0], "noises": [0.2], "most": 60, "max_iter": 4, "fit_at": 5}
    small = replace(SMALL, n=64)
    run(tmp_path, signals=1, network=small, **options)
    first = read_records(Trial, tmp_path / "trials.csv")
    assert [(one.p, one.m, one.noise) for one in first] == [(5, 15, 0.0), (20, 60, 0.0), (20, 60, 0.2)]
    assert {one.iteration for one in read_records(Along, tmp_path / "along.csv")} == {0, 1, 2, 3, 4}
    assert (tmp_path / "smooth_signals.png").stat().st_size > 1000
    run(tmp_path, signals=2, network=small, **options)
    grown = read_records(Trial, tmp_path / "trials.csv")
    # as if two had been asked for at once
    run(tmp_path / "at once", signals=2, network=small, **options)
    assert grown == read_records(Trial, tmp_path / "at once/trials.csv")
    assert len(grown) == 2 * len(first)
    assert (tmp_path / "along.csv").read_text() == (tmp_path / "at once/along.csv").read_text()
    monkeypatch.setattr(experiment, "measure", lambda *_: pytest.fail("was measured again"))
    run(tmp_path, signals=2, network=small, **options)
    assert read_records(Trial, tmp_path / "trials.csv") == grown
    with pytest.raises(ValueError, match="trials.csv was measured with n 64, expected 48: give another out"):
        run(tmp_path, signals=2, network=SMALL, **options)
    with pytest.raises(ValueError, match="trials.csv was measured with max_iter 4, expected 5: give another out"):
        run(tmp_path, signals=2, network=small, **{**options, "max_iter": 5})
