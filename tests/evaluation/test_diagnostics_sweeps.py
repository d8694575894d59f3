"""Diagnostics run in a sweep, and resume like its results."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from evaluation.sweeps import rows as result_rows
from small_sweep import SWEEP

from datamodules import DigitsDataModule
from evaluate import main
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.constant_means import constants
from lit_inverse.evaluation.diagnostics import diagnose, plan_diagnostics
from lit_inverse.evaluation.dry_run import describe_diagnostics
from lit_inverse.evaluation.figures import constants_of_solvers
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.gallery import draw_constants
from lit_inverse.evaluation.names import Names
from lit_inverse.evaluation.results import Results, read_diagnostics
from lit_inverse.evaluation.statistics import summarise
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import Stream, derive_seed
from lit_inverse.theory.diagnostics import Coherence, Instability

DIAGNOSTICS: dict[str, Any] = {
    "coherence": {"class_path": "lit_inverse.theory.diagnostics.Coherence", "init_args": {"limit": 2}},
    "instability": {
        "class_path": "lit_inverse.theory.diagnostics.Instability",
        "init_args": {"directions": 3, "rounds": 2, "n_kernel": 2, "limit": 2},
    },
}
PLAIN = {"plain": SWEEP["solvers"]["plain"]}


def config_at(folder: Path, **others: Any) -> Path:
    path = folder / "diagnosed.yaml"
    path.write_text(yaml.safe_dump({**SWEEP, "diagnostics": DIAGNOSTICS, **others}, sort_keys=False))
    return path


@pytest.fixture
def diagnosed(tmp_path: Path) -> Path:
    return config_at(tmp_path)


def seed_of(image: str, stream: Stream) -> int:
    return derive_seed(0, stream, image, 0)


def measure(config: Path, *others: str, out: str = "out") -> list[dict[str, Any]]:
    """The lines of the diagnostics of a sweep, as it writes them before its report."""
    sweep = read_sweep(Request.read(["--config", str(config), "--out", str(config.parent / out), *others], config))
    sweep.data.setup("predict")
    planned = plan_diagnostics(sweep, plan(sweep).cases)
    results = Results(sweep.out)
    diagnose(sweep, planned, results, torch.device("cpu"))
    results.close()
    return [json.loads(line) for line in (sweep.out / "diagnostics.jsonl").read_text().splitlines()]


def test_a_sweep_measures_reports_and_draws_them(diagnosed: Path) -> None:
    """The worst amplification of the solution of least norm is one over the smallest singular value."""
    out = diagnosed.parent / "out"
    assert main(["--config", str(diagnosed), "--out", str(out), "--limit", "2"]) == 0
    rows = read_diagnostics(out).values()
    assert len(rows) == 2 * 2 + 2 * 2 * 2  # settings x images, and solvers
    worst = []
    for image in ("test/0", "test/1"):
        matrix = Gaussian((1, 28, 28), 20, seed=seed_of(image, "operator")).matrix
        worst.append(1 / float(torch.linalg.svdvals(matrix)[-1]))
        (row,) = [row for row in rows if row.get("solver") == "plain" and row["m"] == 20 and row["image"] == image]
        assert row["estimates"]["kernel"]["value"] == pytest.approx(worst[-1], rel=1e-2)  # in float32
        assert row["estimates"]["adversarial"]["value"] == pytest.approx(worst[-1], rel=1e-2)
        assert row["estimates"]["detail"]["value"] < 1e-2  # it follows what A sees, whatever the size
    with (out / "diagnostics.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] == "kernel"]
    kernel = {(line["solver"], line["m"]): line for line in lines}
    assert set(kernel) == {(solver, m) for solver in ("plain", "jittered") for m in ("20", "40")}
    found = kernel["plain", "20"]
    assert float(found["value"]) == pytest.approx(sum(worst) / 2, rel=1e-2)
    assert float(found["largest"]) == pytest.approx(max(worst), rel=1e-2)
    assert (found["bound"], found["n"], found["name"], found["samples"]) == ("lower", "2", "instability", "2")
    # what the solver draws is the same for all perturbations: it does not show as an amplification
    assert float(kernel["jittered", "20"]["value"]) == pytest.approx(float(found["value"]), rel=1e-2)
    assert {path.name for path in (out / "figures").iterdir()} >= {
        "diagnostics_of_operators.png",
        "diagnostic_instability.png",
    }
    page = (out / "report.html").read_text()
    assert 'id="diagnostics-table"' in page
    assert "Welch bound" in page
    assert "Constants of the operators" in page


def test_a_second_run_measures_what_is_missing_and_nothing_else(diagnosed: Path) -> None:
    rows = measure(diagnosed, "--diagnostics.instability.limit", "1")
    assert len(rows) == 4 + 4
    path = diagnosed.parent / "out" / "diagnostics.jsonl"
    path.write_bytes(path.read_bytes()[:-20])  # cut in mid line
    again = measure(diagnosed)
    assert again[:7] == rows[:7]
    assert len(again) == 4 + 8
    assert measure(diagnosed) == again


@pytest.mark.parametrize("name", ["coherence.init_args.basis dct", "instability.init_args.size 0.1"])
def test_other_settings_are_other_keys_of_that_diagnostic_alone(diagnosed: Path, name: str) -> None:
    rows = measure(diagnosed, "--measurements", "[20]")
    both = measure(diagnosed, "--measurements", "[20]", *f"--diagnostics.{name}".split())
    assert both[: len(rows)] == rows
    assert {row["name"] for row in both[len(rows) :]} == {name.split(".")[0]}
    assert len({row["key"] for row in both}) == len(both)


def test_they_are_taken_over_from_another_run(diagnosed: Path) -> None:
    rows = measure(diagnosed, "--measurements", "[20]")
    reuse = ["--reuse", str(diagnosed.parent / "out")]
    assert measure(diagnosed, "--measurements", "[20]", *reuse, out="other") == rows


def test_an_operator_that_all_share_is_measured_once(diagnosed: Path) -> None:
    rows = measure(diagnosed, "--operator_per", "sweep", "--measurements", "[20]", "--repeats", "2")
    assert sum(row["name"] == "coherence" for row in rows) == 1
    assert sum(row["name"] == "instability" for row in rows) == 2 * 2 * 2


def test_a_sweep_without_the_section_has_no_trace_of_it(config: Path) -> None:
    out = config.parent / "out"
    assert main(["--config", str(config), "--out", str(out), "--measurements", "[20]", "--limit", "1"]) == 0
    assert "diagnostics" not in (out / "config.yaml").read_text()
    assert not list(out.glob("*diagnostics*"))
    assert "iagnostics" not in (out / "report.html").read_text()


def test_a_later_file_replaces_them(diagnosed: Path, tmp_path: Path) -> None:
    changes, later = tmp_path / "changes.yaml", tmp_path / "later.yaml"
    changes.write_text("diagnostics.coherence.init_args.limit: 1\n")
    other = {"alike": DIAGNOSTICS["coherence"]}
    for section in (other, {}):
        later.write_text(yaml.safe_dump({"diagnostics": section}))
        words = [word for path in (diagnosed, changes, later) for word in ("--config", str(path))]
        sweep = read_sweep(Request.read(words, diagnosed))
        assert list(sweep.diagnostics) == list(section)


def test_a_dry_run_counts_them(diagnosed: Path) -> None:
    sweep = read_sweep(Request.read(["--config", str(diagnosed)], diagnosed))
    sweep.data.setup("predict")
    planned = plan_diagnostics(sweep, plan(sweep).cases)
    lines = [line.split() for line in describe_diagnostics(planned, {}).splitlines()]
    assert lines == [["coherence", "diagnostic", "4", "0", "?"], ["instability", "diagnostic", "8", "0", "?"]]
    there = {planned[0].key: {"seconds": 2.0}}
    assert describe_diagnostics(planned, there).split()[:5] == ["coherence", "diagnostic", "4", "1", "00:06"]
    assert describe_diagnostics([], {}) == ""


@pytest.mark.parametrize(
    ("diagnostic", "message"),
    [
        ({"class_path": "lit_inverse.theory.diagnostics.RestrictedIsometry", "init_args": {"s": 785}}, "s is 785"),
        ({"class_path": "lit_inverse.theory.diagnostics.Coherence", "init_args": {"limit": 0}}, "limit is 0"),
        ({"class_path": "lit_inverse.theory.diagnostics.Nothing"}, "Nothing"),
        (None, "expected a name without dots"),
    ],
)
def test_an_impossible_one_ends_the_sweep_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], diagnostic: Any, message: str
) -> None:
    path, out = config_at(tmp_path, diagnostics={"mine": diagnostic}), tmp_path / "out"
    assert main(["--config", str(path), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "diagnostics.mine" in error
    assert message in error
    assert not out.exists()


def test_no_noise_in_decibels_is_a_level_like_others(tmp_path: Path) -> None:
    """JSON has no number for an infinite SNR."""
    noise = {"noise": {"class_path": "lit_inverse.noise.SNR"}, "noise_levels": [math.inf]}
    path, out = config_at(tmp_path, limit=1, measurements=[20], solvers=PLAIN, **noise), tmp_path / "out"
    assert main(["--config", str(path), "--out", str(out)]) == 0
    rows = list(read_diagnostics(out).values())
    assert {row["noise_level"] for row in rows if row["name"] == "instability"} == {math.inf}
    assert len(rows) == len(measure(path)) == 1 + 1


@pytest.mark.parametrize("settings", [{"batch_size": 1}, {}])
def test_perturbations_come_in_batches_that_fit(tmp_path: Path, settings: dict[str, Any]) -> None:
    """The solver takes one item at a time, and the sweep says so or finds it out."""
    solvers = {"alone": {"class_path": "least_norm.LeastNorm", "init_args": {"largest_batch": 1}}}
    rows = measure(config_at(tmp_path, solvers=solvers, measurements=[20], limit=1, **settings))
    assert [row["name"] for row in rows] == ["coherence", "instability"]
    assert not (tmp_path / "out" / "failures.jsonl").exists()


def test_one_that_fails_is_noted_and_the_others_are_there(tmp_path: Path) -> None:
    solvers = {"moody": {"class_path": "least_norm.LeastNorm", "init_args": {"fails_on": seed_of("test/0", "solver")}}}
    rows = measure(config_at(tmp_path, solvers=solvers, measurements=[20]))
    assert [row["name"] for row in rows] == [*2 * ["coherence"], "instability"]
    (failure,) = (tmp_path / "out" / "failures.jsonl").read_text().splitlines()
    assert "instability: RuntimeError: told to fail" in json.loads(failure)["reason"]


def test_a_report_tells_failed_diagnostics_from_failed_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("told to fail")

    monkeypatch.setattr(Coherence, "measure", fail)
    path, out = config_at(tmp_path, limit=1, measurements=[20], solvers=PLAIN), tmp_path / "out"
    assert main(["--config", str(path), "--out", str(out)]) == 1
    assert "1 diagnostics failed (coherence: RuntimeError: told to fail" in capsys.readouterr().err
    page = (out / "report.html").read_text()
    assert "0 failed" in page
    undiagnosed = page[page.index('id="undiagnosed-table"') :]
    assert "coherence: RuntimeError: told to fail" in undiagnosed
    monkeypatch.undo()
    assert main(["--config", str(path), "--out", str(out)]) == 0
    assert "undiagnosed-table" not in (out / "report.html").read_text()


def test_a_name_of_another_figure_takes_nothing_from_it(tmp_path: Path) -> None:
    diagnostics = {"success": DIAGNOSTICS["instability"]}
    path = config_at(tmp_path, limit=1, measurements=[20], solvers=PLAIN, diagnostics=diagnostics)
    out = tmp_path / "out"
    assert main(["--config", str(path), "--out", str(out)]) == 0
    figures = {path.name for path in (out / "figures").glob("*.png")}
    assert figures >= {"success.png", "diagnostic_success.png"}
    assert main(["--config", str(path), "--out", str(out), "--config", str(without(tmp_path))]) == 0
    assert {path.name for path in (out / "figures").glob("*.png")} == figures - {"diagnostic_success.png"}
    assert not (out / "diagnostics.csv").exists()


def without(folder: Path) -> Path:
    """A later configuration that takes the diagnostics away."""
    path = folder / "without.yaml"
    path.write_text("diagnostics: {}\n")
    return path


def test_perturbations_that_rounding_takes_away_are_refused_before_the_sweep(
    diagnosed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--config", str(diagnosed), "--out", str(diagnosed.parent / "out"), "--limit", "1"]
    tiny = ["--diagnostics.instability.init_args.size", "1e-9", "--measurements", "[20]"]
    assert main([*arguments, *tiny]) == 2
    assert "diagnostics.instability: size is 1e-09, expected at least 1e-06" in capsys.readouterr().err
    assert len(measure(diagnosed, "--limit", "1", *tiny, "--trainer.precision", "64-true")) == 1 + 2


def test_an_operator_without_a_seed_is_measured_once_for_all_images(tmp_path: Path) -> None:
    operator = {"class_path": "lit_inverse.operators.Downsampling", "init_args": {"factor": 2}}
    solvers = {"tikhonov": {"class_path": "lit_inverse.solvers.Tikhonov", "init_args": {"alpha": 0.1}}}
    others = {"operator": operator, "vary": None, "measurements": [None], "solvers": solvers}
    rows = measure(config_at(tmp_path, diagnostics={"coherence": DIAGNOSTICS["coherence"]}, **others))
    assert [row["image"] for row in rows] == ["test/0"]


def test_slices_of_a_volume_are_one_image_of_a_solver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three slices of two volumes; each slice has an A of its own, which is independent of the others."""
    whole = DigitsDataModule.dataset

    def slices(data: DigitsDataModule, split: str) -> list[dict[str, Any]]:
        return [{**whole(data, split)[number], "volume": f"{number // 2}.h5"} for number in range(3)]

    monkeypatch.setattr(DigitsDataModule, "dataset", slices)
    diagnostics = {name: {**one, "init_args": {**one["init_args"], "limit": 3}} for name, one in DIAGNOSTICS.items()}
    path = config_at(tmp_path, limit=3, measurements=[20], solvers=PLAIN, diagnostics=diagnostics)
    assert main(["--config", str(path), "--out", str(tmp_path / "out")]) == 0
    rows = read_diagnostics(tmp_path / "out").values()
    assert not any("volume" in row for row in rows)  # as in lines of earlier versions, which count alike
    found = [row["estimates"]["kernel"]["value"] for row in rows if row["name"] == "instability"]
    with (tmp_path / "out" / "diagnostics.csv").open() as file:
        lines = {(line["name"], line["kind"]): line for line in csv.DictReader(file)}
    kernel = lines["instability", "kernel"]
    assert kernel["n"] == "2"
    assert float(kernel["value"]) == pytest.approx(((found[0] + found[1]) / 2 + found[2]) / 2)
    assert (float(kernel["least"]), float(kernel["largest"])) == pytest.approx((min(found), max(found)))
    assert {line["n"] for (name, _), line in lines.items() if name == "coherence"} == {"3"}


def row_of(
    solver: str, image: str, value: float | None, kind: str = "adversarial", setting: int = 100
) -> dict[str, Any]:
    return {
        "name": "instability", "solver": solver, "label": f"solver {solver}", "noise_level": 0.0, "image": image,
        "m": setting, "setting": setting, "kind": kind, "value": value, "bound": "lower", "error": 0.5, "n": 7,
    }  # fmt: skip


def test_constants_are_means_over_images_with_their_interval_and_range() -> None:
    rows = [row_of("a", "0", 1.0), row_of("a", "0", 3.0), row_of("a", "1", 5.0), row_of("b", "0", 2.0)]
    first, second = constants([*rows, row_of("b", "1", None)])
    assert (first.value, first.least, first.largest, first.n, first.samples) == (3.5, 2.0, 5.0, 2, 7)
    assert first.error == pytest.approx(12.706 * 1.5, rel=1e-4)  # t of 1 degree of freedom, s / sqrt(2) = 1.5
    assert (second.value, second.error, second.n, second.undefined) == (2.0, math.inf, 1, 1)  # a bound has no interval
    (third,) = constants([row_of("c", "0", None)])
    assert (third.n, third.undefined, third.largest) == (0, 1, pytest.approx(math.nan, nan_ok=True))


def test_a_volume_counts_once_in_the_interval_of_a_constant() -> None:
    volumes = [row_of("a", f"{v}:{i}", v + d) | {"volume": f"{v}.h5"} for v in (1, 3) for i, d in ((0, -0.5), (1, 0.5))]
    (found,) = constants(volumes)
    assert (found.value, found.n, found.least, found.largest) == (2.0, 2, 0.5, 3.5)
    assert found.error == pytest.approx(12.706, rel=1e-4)  # as of the two numbers 1 and 3
    (one,) = constants([row | {"bound": "mean"} for row in volumes[:2]])
    assert (one.value, one.n, one.error) == (1.0, 1, pytest.approx(0.5 / 2**0.5))


@pytest.mark.parametrize(("bound", "error"), [("mean", 0.5 / 2**0.5), ("exact", 0.5 / 2**0.5), ("lower", math.inf)])
def test_of_one_image_a_mean_has_the_interval_of_its_repeats(bound: str, error: float) -> None:
    rows = [row_of("a", "0", value) | {"bound": bound} for value in (1.0, 3.0)]
    (found,) = constants(rows)
    assert (found.value, found.n) == (2.0, 1)
    assert found.error == pytest.approx(error)


def test_at_one_setting_each_solver_has_a_row() -> None:
    kinds = {"amplification": ("random", "adversarial"), "detail": ("detail",)}
    rows = [
        row_of(s, i, v, k) for s in "ab" for i in "01" for k, v in (("random", 1), ("adversarial", 30), ("detail", 0.5))
    ]
    summaries = summarise(result_rows(("a", "b"), settings=(100,)))
    figure = constants_of_solvers(summaries, constants(rows), kinds, "")
    error, amplification, detail = figure.axes
    assert [label.get_text() for label in error.get_yticklabels()] == ["solver a", "solver b"]
    assert amplification.get_xscale() == "log"
    assert detail.get_xscale() == "linear"


def drawn_with(settings: tuple[int, ...], constant_rows: list[dict[str, Any]]) -> list[Any]:
    """The figures of constants beside errors of solver a at some settings."""
    names = Names({"a": "solver a", "b": "solver b"}, "m", (-1.0, 1.0), GaussianNoise, [0.0])
    findings = Findings.of(result_rows(("a",), settings=settings), 0.01)
    return list(draw_constants(findings, constants(constant_rows), {"instability": Instability()}, names))


def test_constants_of_a_solver_without_results_are_left_out() -> None:
    """A process that died took all cases of solver b with it."""
    both = [row_of(solver, "0", 1.0) for solver in "ab"]
    (drawn,) = drawn_with((100,), both)
    error, amplification = drawn.figure.axes
    assert [label.get_text() for label in error.get_yticklabels()] == ["solver a"]
    assert len(amplification.lines) == 2  # a marker and its bar
    assert drawn_with((100,), both[1:]) == []


def test_constants_at_settings_without_results_are_left_out() -> None:
    rows = [row_of("a", "0", 1.0, setting=m) for m in (50, 100)]
    (one,) = drawn_with((100,), rows)
    assert len(one.figure.axes[1].lines) == 2
    (beside_all,) = drawn_with((25, 100), rows)
    assert beside_all.figure.axes[0].get_xlabel() != ""
    assert [len(line.get_xdata()) for line in beside_all.figure.axes[1].lines[:1]] == [1]
