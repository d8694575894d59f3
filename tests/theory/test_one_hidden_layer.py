"""Rates, widths and steps of Theorem 4.1, and the command."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure

from lit_inverse.networks import OneHiddenLayer
from lit_inverse.operators import SubsampledDCT
from lit_inverse.theory.linearized import Dynamics, dynamics, tangent_kernel
from lit_inverse.theory.one_hidden_layer import early_stopping, experiment
from lit_inverse.theory.one_hidden_layer.descent import (
    Point,
    Setting,
    Trial,
    descend,
    final_rate,
    kept,
    problem,
    trial,
)
from lit_inverse.theory.one_hidden_layer.early_stopping import NOISE, Fit, fit, signals
from lit_inverse.theory.one_hidden_layer.experiment import run
from lit_inverse.theory.one_hidden_layer.figure import _rates
from lit_inverse.theory.one_hidden_layer.theorem import expected_rate, largest_step, proved_rate, proved_width
from lit_inverse.theory.records import read_records, write_records

WIDE = Setting("identity", 32, 40.0)


def test_the_width_of_the_proof_is_the_printed_one() -> None:
    assert proved_width() == pytest.approx(4.3e15, rel=0.02)


def test_step_and_rate_are_those_of_alpha_and_beta() -> None:
    n, d, size = 50, 700, 3.0
    alpha, beta = size / (4 * math.sqrt(n)), math.sqrt(2 * size**2 * (4 * n + d) / (n * d))
    step = largest_step(n, d, size)
    assert step == pytest.approx(1 / beta**2)
    assert proved_rate(step, n, size) == pytest.approx(step * alpha**2 / 4)
    printed = 8 * n / (size**2 * (4 * n + d))
    assert proved_rate(printed, n, size) == pytest.approx(1 / (8 * (4 * n + d)))


@pytest.mark.parametrize("operator", ["identity", "subsampled"])
def test_the_jacobian_has_the_eigenvalues_that_are_expected(operator: str) -> None:
    setting = Setting(operator, 200, 10.0)
    matrix, w, y = problem(setting, 0)
    assert float(y.norm()) == pytest.approx(1)
    assert float(matrix.std()) == pytest.approx(1 / math.sqrt(200 * 2000), rel=0.02)
    kernel = tangent_kernel(lambda theta: matrix @ theta["w"].relu(), {"w": w}, 64)
    lam = torch.linalg.eigvalsh(kernel)
    assert float(lam[0]) == pytest.approx(expected_rate(1.0, 200, 2000), rel=0.1)
    assert float(lam[-1]) < 1 / largest_step(200, 2000)  # beta^2
    found = trial(setting, 0, 1.0, 0)[0]
    assert found.first == found.last == pytest.approx(200 * float(lam[0]))


def test_descent_is_that_of_the_network_behind_orthonormal_rows() -> None:
    operator = SubsampledDCT((20,), 10, 3).double()
    network = OneHiddenLayer(4, 30, (20,), 2.0, 1).double()
    z = network.draw_latent(torch.Generator().manual_seed(0))[None].double()
    z = z / z.norm()  # to the last digit
    rows = (operator(network.outer.T) / float(operator.norm())).T
    torch.testing.assert_close(
        operator(operator.adjoint(torch.eye(10, dtype=torch.float64))) / 2, torch.eye(10).double()
    )
    y = torch.ones(10, dtype=torch.float64)
    residuals, _ = descend(rows, (network.inner.detach() @ z[0]), y, 0.5, 12)
    optimizer = torch.optim.SGD(network.parameters(), 0.5)
    for norm in residuals:
        residual = operator(network(z)) / float(operator.norm()) - y
        assert float(residual.detach().norm()) == pytest.approx(float(norm), rel=1e-10)
        optimizer.zero_grad()
        torch.autograd.backward(residual.square().sum() / 2)
        optimizer.step()
    assert len(residuals) == 13


def test_a_wide_network_keeps_the_bound_and_ends_at_the_rate_of_its_last_jacobian() -> None:
    found, points = trial(WIDE, 0, 1.0, 2000)
    assert found.residual < 1e-9
    assert found.excess < 1
    assert found.rate == pytest.approx(found.last, rel=0.1)
    assert proved_rate(1, 1) < found.rate < found.first
    assert found.flipped < 0.2
    assert found.moved < 60
    assert points[0].time == 0
    assert points[-1].residual == pytest.approx(found.residual)


def test_a_narrow_network_does_not() -> None:
    found = trial(Setting("identity", 32, 1.5), 0, 1.0, 2000)[0]
    assert found.residual > 0.1
    assert found.excess > 1
    assert math.isnan(found.rate)
    assert trial(Setting("identity", 32, 1.5), 1, 1.0, 10)[0].residual != trial(WIDE, 0, 1.0, 10)[0].residual


def test_draws_are_paired_across_ratios_whatever_their_type() -> None:
    narrow, wide, same = (problem(Setting("subsampled", 16, ratio), 3) for ratio in (2.0, 8.0, 8))
    for a, b in zip(wide, same, strict=True):
        assert torch.equal(a, b)
    assert torch.equal(narrow[2], wide[2])
    assert torch.equal(narrow[1], wide[1][: len(narrow[1])])
    other = problem(Setting("subsampled", 16, 8.0), 4)
    assert not torch.equal(other[2], wide[2])


def test_rate_of_a_geometric_sequence_is_its_own() -> None:
    assert final_rate(0.93 ** torch.arange(400, dtype=torch.float64)) == pytest.approx(0.07, rel=1e-9)
    assert math.isnan(final_rate(0.93 ** torch.arange(100, dtype=torch.float64)))


def test_kept_iterations_are_the_first_the_last_and_some_between() -> None:
    steps = kept(1001)
    assert steps[:4] == [0, 1, 2, 3]
    assert steps[-1] == 1000
    assert len(steps) < 130
    assert kept(1) == [0]


def test_only_the_convolutional_network_prefers_smooth_signals_to_noise() -> None:
    misfit = {
        (name, target): fit(name, target, 0, 40, [40])[0].misfit
        for name in ("dense", "convolutional")
        for target in ("smooth", "noise")
    }
    assert misfit["dense", "noise"] < 0.01
    assert misfit["dense", "smooth"] < 0.01
    assert misfit["convolutional", "smooth"] < 0.15 < 0.5 < misfit["convolutional", "noise"]


def test_signals_are_as_they_are_said_to_be() -> None:
    x, y = signals("sum", 3)
    assert float((y - x).norm() / x.norm()) == pytest.approx(NOISE)
    noise, same = signals("noise", 3)
    assert torch.equal(noise, same)
    assert float(noise.norm()) == pytest.approx(float(x.norm()))


def test_what_was_measured_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"m": 8, "ratios": (2, 30), "trials": 2, "max_iter": 300, "fits": 1, "fit_iter": 3}
    run(tmp_path, **settings)  # type: ignore[arg-type]
    rows, fits = read_records(Trial, tmp_path / "trials.csv"), read_records(Fit, tmp_path / "fits.csv")
    assert len(rows) == 2 * 2 * 2
    assert {one.t for one in fits} == {0, 1, 2, 3}
    assert (tmp_path / "one_hidden_layer.png").stat().st_size > 1000
    for name in ("trial", "fit"):
        monkeypatch.setattr(experiment, name, lambda *_: pytest.fail("was measured again"))
    run(tmp_path, **settings)  # type: ignore[arg-type]
    assert str(read_records(Trial, tmp_path / "trials.csv")) == str(rows)  # NaN is not equal to itself
    with pytest.raises(
        ValueError, match=r"trials.csv was measured with step_share 1.0, expected 0.5: give another out"
    ):
        run(tmp_path, **settings, step_share=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"fits.csv was measured with n_iter 3, expected 4"):
        run(tmp_path, **{**settings, "fit_iter": 4})  # type: ignore[arg-type]
    write_records(Trial, [replace(row, version=1) for row in rows], tmp_path / "trials.csv")
    with pytest.raises(ValueError, match=r"trials.csv was measured with version 1, expected 2: give another out"):
        run(tmp_path, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("killed_after", ["curves.csv", "trials.csv"])
def test_a_run_killed_between_its_files_has_each_curve_once(
    killed_after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"m": 8, "ratios": (2,), "trials": 1, "max_iter": 20, "fits": 1, "fit_iter": 1}
    run(tmp_path / "whole", **settings)  # type: ignore[arg-type]
    write = experiment.write_records

    def killed(kind: type, records: list[object], path: Path) -> None:
        write(kind, records, path)
        if path.name == killed_after:
            raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "write_records", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **settings)  # type: ignore[arg-type]
    monkeypatch.setattr(experiment, "write_records", write)
    run(tmp_path, **settings)  # type: ignore[arg-type]
    whole = read_records(Point, tmp_path / "whole/curves.csv")
    assert whole
    assert read_records(Point, tmp_path / "curves.csv") == whole


def test_the_step_of_a_fit_is_one_over_the_largest_eigenvalue(monkeypatch: pytest.MonkeyPatch) -> None:
    steps, found = [], []

    def observed(*arguments: object) -> Dynamics:
        made = dynamics(*arguments)  # type: ignore[arg-type]
        steps.append(arguments[4])
        found.append(float(made.eigenvalues[-1]))
        return made

    monkeypatch.setattr(early_stopping, "dynamics", observed)
    for name in early_stopping.NETWORKS:
        fit(name, "smooth", 0, 1, [1])
    assert steps == pytest.approx([1 / one for one in found], rel=1e-10)
    assert len(steps) == 2


def test_draws_that_were_not_fitted_are_counted_below_the_rates() -> None:
    fitted = trial(WIDE, 0, 1.0, 0)[0]
    trials = [
        replace(fitted, ratio=ratio, seed=seed, rate=rate)
        for ratio, rates in ((2.0, (math.nan, math.nan)), (6.0, (0.1, math.nan)), (8.0, (0.1, 0.2)))
        for seed, rate in enumerate(rates)
    ]
    axes = Figure().subplots()
    _rates(axes, trials)
    assert [(one.get_position()[0], one.get_text()) for one in axes.texts] == [(2.0, "2"), (6.0, "1")]
