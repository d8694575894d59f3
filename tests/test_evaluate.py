"""evaluate.py from end to end on a few digits, with a solver that takes no time."""

import csv
import functools
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_sweep import ROOT, SWEEP, environment

from datamodules import DigitsDataModule
from evaluate import main
from lit_inverse.evaluation.laws import plain
from lit_inverse.metrics import mse
from lit_inverse.operators import Gaussian
from lit_inverse.problem import Problem
from lit_inverse.reproductions.tables import Tables
from lit_inverse.seeding import derive_seed
from lit_inverse.solvers import Lasso

LEAST_NORM = {"class_path": "least_norm.LeastNorm"}
LINE_KEYS = (
    "key solver label data image operator m n noise_level sigma repeat seed value_range mse psnr ssim nmse residual "
    "seconds status n_iter device"
)


def run(config: Path, *others: str, out: str = "out") -> list[dict[str, Any]]:
    """The result lines of a sweep that ran into tmp_path / out."""
    folder = config.parent / out
    assert main(["--config", str(config), "--out", str(folder), *others]) == 0
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def without_time(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by key; without seconds, and without the residual, which is computed for the whole batch."""
    return {row["key"]: {name: row[name] for name in row if name not in ("seconds", "residual")} for row in rows}


def test_a_sweep_writes_what_the_contract_names(config: Path) -> None:
    rows = run(config, "--labels", '{"plain": "least norm"}')
    assert len(rows) == 2 * 2 * 3
    assert all(set(row) == set(LINE_KEYS.split()) for row in rows)
    first = rows[0]
    assert (first["solver"], first["label"], first["image"], first["m"], first["n"]) == (
        "plain",
        "least norm",
        "test/0",
        20,
        784,
    )
    assert first["residual"] < 1e-4
    assert first["value_range"] == [-1, 1]
    assert first["psnr"] == pytest.approx(10 * math.log10(4 / first["mse"]))
    out = config.parent / "out"
    with (out / "summary.csv").open() as file:
        summaries = list(csv.DictReader(file))
    assert [(row["solver"], row["m"], row["n"]) for row in summaries] == [
        ("plain", "20", "3"), ("plain", "40", "3"), ("jittered", "20", "3"), ("jittered", "40", "3"),
    ]  # fmt: skip
    assert {path.name for path in (out / "figures").iterdir()} >= {"error_against_m.png", "reconstructions_m20.png"}
    page = (out / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 7
    assert not re.search(r"(src|href)=\"http", page)
    assert "least norm" in page


def test_the_saved_configuration_repeats_the_run(config: Path) -> None:
    rows = run(config)
    again = run(config.parent / "out" / "config.yaml", out="../again")
    assert without_time(again) == without_time(rows)


def test_a_second_run_computes_what_is_missing_and_nothing_else(config: Path) -> None:
    rows = run(config, "--measurements", "[20]")
    more = run(config)
    assert more[: len(rows)] == rows
    assert len(more) == 2 * len(rows)
    assert run(config) == more


def test_results_cut_in_mid_line_are_completed(config: Path) -> None:
    rows = run(config)
    path = config.parent / "out" / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert without_time(run(config)) == without_time(rows)


@pytest.mark.parametrize("options", [["--batch_size", "1"], ["--batch_size", "2"], ["--only", "[jittered, plain]"]])
def test_keys_and_errors_do_not_depend_on_batches_and_order(config: Path, options: list[str]) -> None:
    assert without_time(run(config, *options, out="other")) == without_time(run(config))


@pytest.mark.parametrize(
    "options",
    [
        ["--seed", "1"],
        ["--solvers.plain.scale", "2"],
        ["--noise_levels", "[0.1]"],
        ["--operator_per", "sweep"],
        ["--operator.columns", "unit"],
        ["--data.value_range", "[0, 1]"],
        ["--trainer.precision", "64-true"],
    ],
)
def test_keys_change_with_what_determines_the_result(config: Path, options: list[str]) -> None:
    plain = ["--only", "[plain]", "--measurements", "[20]"]
    assert not set(without_time(run(config, *plain))) & set(without_time(run(config, *plain, *options, out="other")))


def test_a_solver_is_known_by_the_content_of_its_files_not_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("weights")
    (tmp_path / "b").write_text("weights")
    (tmp_path / "c").write_text("other weights")
    a, b, c = (plain({"init_args": {"generator": tmp_path / name, "lr": 0.1}}) for name in "abc")
    assert a == b != c


def test_solvers_see_the_same_measurements(config: Path) -> None:
    rows = run(config, "--noise_levels", "[0.1]", "--solvers.jittered.jitter", "0")
    errors = {solver: [row["mse"] for row in rows if row["solver"] == solver] for solver in ("plain", "jittered")}
    assert errors["plain"] == errors["jittered"]


def test_later_files_win_key_by_key_and_replace_solvers_as_a_whole(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = {
        "changes": {"solvers.jittered.init_args.jitter": 0.2},
        "later": {"limit": 1, "solvers": {"other": LEAST_NORM}},
    }
    words = ["--config", str(config)]
    for name, content in layers.items():
        (config.parent / f"{name}.yaml").write_text(yaml.safe_dump(content))
        words += ["--config", str(config.parent / f"{name}.yaml")]
    with pytest.raises(SystemExit) as exit_:
        main([*words, "--print_config"])
    assert exit_.value.code == 0
    resolved = yaml.safe_load(capsys.readouterr().out)
    assert list(resolved["solvers"]) == ["other"]
    assert (resolved["limit"], resolved["measurements"]) == (1, [20, 40])


def test_solvers_that_replace_others_have_none_of_their_labels(config: Path) -> None:
    first, later = ({"labels": {"plain": "Plain"}, "only": ["plain"]}, {"solvers": {"other": LEAST_NORM}})
    for name, content in (("first", first), ("later", later)):
        (config.parent / f"{name}.yaml").write_text(yaml.safe_dump(content))
    config.write_text(yaml.safe_dump({**SWEEP, **first}))
    options = ["--config", str(config.parent / "later.yaml"), "--limit", "1"]
    assert {(row["solver"], row["label"]) for row in run(config, *options)} == {("other", "other")}


def test_labels_may_come_in_another_file_than_their_solvers(config: Path) -> None:
    labels = config.parent / "labels.yaml"
    labels.write_text(yaml.safe_dump({"labels": {"plain": "Plain"}}))
    out = str(config.parent / "out")
    assert main(["-c", str(labels), "-c", str(config), "--limit", "1", "--only", "[plain]", "--out", out]) == 0
    rows = [json.loads(line) for line in (config.parent / "out" / "results.jsonl").read_text().splitlines()]
    assert {row["label"] for row in rows} == {"Plain"}


def test_null_measurements_are_for_an_operator_that_has_no_m(config: Path) -> None:
    identity = {"operator": {"class_path": "lit_inverse.operators.Identity"}, "measurements": [None]}
    lasso = {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"max_iter": 5}}
    config.write_text(yaml.safe_dump({**SWEEP, **identity, "solvers": {"lasso": lasso}}))
    rows = run(config)
    assert [(row["m"], row["n"]) for row in rows] == [(784, 784)] * 3
    assert (config.parent / "out" / "figures" / "reconstructions.png").exists()


def test_solvers_of_one_key_are_counted_each(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(yaml.safe_dump({**SWEEP, "solvers": {"a": LEAST_NORM, "b": LEAST_NORM}}))
    run(config, "--limit", "1", "--measurements", "[20]")
    run(config, "--limit", "2", "--measurements", "[20]")
    assert "4 cases, 2 of them finished before" in capsys.readouterr().out


def test_another_file_takes_no_value_of_the_default(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(
        yaml.safe_dump({key: SWEEP[key] for key in ("data", "operator", "vary", "measurements", "solvers")})
    )
    with pytest.raises(SystemExit):
        main(["--config", str(config), "--print_config"])
    resolved = yaml.safe_load(capsys.readouterr().out)
    assert (resolved["name"], resolved["limit"], resolved["labels"], resolved["seed"]) == ("sweep", None, {}, 0)


def test_a_dry_run_tells_what_is_there_and_computes_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(config.parent / "out")]
    run(config, "--measurements", "[20]", "--only", "[plain]")
    capsys.readouterr()
    assert main(["--config", str(config), *out, "--dry_run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:5] for line in lines[1:5]] == [
        ["plain", "20", "0", "3", "3"], ["jittered", "20", "0", "3", "0"],
        ["plain", "40", "0", "3", "0"], ["jittered", "40", "0", "3", "0"],
    ]  # fmt: skip
    assert lines[-1].startswith("12 cases, 3 there; one process would need")
    assert len((config.parent / "out" / "results.jsonl").read_text().splitlines()) == 3


def test_results_of_another_run_are_taken_over(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(config, "--measurements", "[20]", out="first")
    rows = run(config, "--reuse", json.dumps([str(config.parent / "first")]), out="second")
    assert "6 results taken over" in capsys.readouterr().out
    assert rows[:6] == first
    assert len(rows) == 12


def test_finished_runs_are_compared(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, out="first")
    run(config, "--solvers.plain.scale", "2", out="second")
    folders = [str(config.parent / name) for name in ("first", "second")]
    assert main(["compare", *folders, "--out", str(config.parent / "both")]) == 0
    number = r"-?[\d.e-]+"
    (found,) = re.findall(
        rf"first/plain - second/plain at m=20, noise 0, 3 images: .*, ({number}) dB \({number} to {number}\), p",
        capsys.readouterr().out,
    )
    (line,) = [
        row
        for row in Tables(config.parent / "both").where("comparisons", first="first/plain", second="second/plain")
        if row["m"] == 20
    ]
    assert float(found) == pytest.approx(line["difference_db"], rel=0.01)
    assert {path.name for path in (config.parent / "both").iterdir()} >= {
        "summary.csv", "comparisons.csv", "success.csv", "success.png", "error_against_m.png", "paired_differences.png"
    }  # fmt: skip


def test_a_line_is_what_the_solver_says_of_the_drawn_measurements(config: Path) -> None:
    lasso = {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"lam": 1e-3}}
    (row,) = run(
        config, "--limit", "1", "--measurements", "[40]", "--solvers.plain", json.dumps(lasso), "--only", "[plain]"
    )
    x = DigitsDataModule(value_range=(-1, 1)).dataset("test")[0]["x"][None]
    operator = Gaussian((1, 28, 28), 40, [derive_seed(0, "operator", "test/0", 0)])
    solution = Lasso(lam=1e-3).solve(Problem(operator).measure(x, [0]), operator, value_range=(-1, 1))
    assert row["mse"] == pytest.approx(float(mse(solution.x, x)), rel=1e-12)
    assert row["n_iter"] == int(solution.n_iter)


@pytest.mark.parametrize(
    ("operator", "vary", "measurements"),
    [("GaussianBlur", "sigma", [0.5, 2.0]), ("RadialFourier", "lines", [3, 9]), ("Downsampling", "factor", [2, 4])],
)
def test_any_argument_of_any_operator_is_varied(
    config: Path, operator: str, vary: str, measurements: list[float]
) -> None:
    options = ["--operator", f"lit_inverse.operators.{operator}", "--vary", vary, "--limit", "2"]
    lasso = {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"max_iter": 5}}
    options += ["--solvers.plain", json.dumps(lasso), "--only", "[plain]"]
    rows = run(config, *options, "--measurements", json.dumps(measurements))
    assert [row["setting"] for row in rows] == [value for value in measurements for _ in range(2)]
    summary = (config.parent / "out" / "summary.csv").read_text().splitlines()
    assert len(summary) == 3
    assert main(["compare", str(config.parent / "out")]) == 0


def test_an_operator_that_all_images_share_is_drawn_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = Gaussian.__init__

    @functools.wraps(draw)
    def counted(self: Gaussian, *args: Any, **kwargs: Any) -> None:
        drawn.append(kwargs.get("seed"))
        draw(self, *args, **kwargs)

    monkeypatch.setattr(Gaussian, "__init__", counted)
    run(config, "--operator_per", "sweep", "--measurements", "[20]", "--batch_size", "1")
    assert drawn == [derive_seed(0, "operator", "", 0)]


def test_runs_with_other_noise_are_not_compared(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, out="first")
    run(config, "--noise", "lit_inverse.noise.TotalGaussian", out="second")
    assert main(["compare", *(str(config.parent / name) for name in ("first", "second"))]) == 2
    assert "the runs differ in noise" in capsys.readouterr().err


def test_a_folder_with_results_of_two_settings_is_not_compared(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config, out="first")
    run(config, "--solvers.jittered.jitter", "0.3", out="first")
    assert main(["compare", str(config.parent / "first")]) == 2
    assert "holds results of 2 different settings of jittered" in capsys.readouterr().err


def test_runs_of_other_measurements_are_not_compared(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, out="first")
    run(config, "--seed", "1", out="second")
    assert main(["compare", *(str(config.parent / name) for name in ("first", "second"))]) == 2
    assert "differ in seed" in capsys.readouterr().err


def test_a_case_that_fails_is_reported_and_the_others_go_on(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--config", str(config), "--out", str(config.parent / "out"), "--solvers.plain.fails_on", "7"]
    solver_seed = derive_seed(0, "solver", "test/1", 0)
    arguments[-1] = str(solver_seed)
    assert main(arguments) == 1
    assert "2 cases failed (RuntimeError: told to fail" in capsys.readouterr().err
    out = config.parent / "out"
    assert len((out / "results.jsonl").read_text().splitlines()) == 10
    assert "told to fail" in (out / "report.html").read_text()


def test_a_batch_too_large_for_memory_is_halved(config: Path) -> None:
    assert len(run(config, "--solvers.plain.largest_batch", "1")) == 12


def test_the_script_itself_runs(config: Path) -> None:
    command = [
        sys.executable,
        "evaluate.py",
        "--config",
        str(config),
        "--out",
        str(config.parent / "script"),
        "--limit",
        "1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment(), timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("report: ")


def test_a_dry_run_sums_up_each_solver_and_counts_what_would_be_taken_over(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config, "--only", "[plain]", "--solvers.plain.seconds", "0.3", "--batch_size", "3", out="first")
    capsys.readouterr()
    reuse = ["--reuse", json.dumps([str(config.parent / "first")]), "--limit", "30"]
    options = [*reuse, "--solvers.plain.seconds", "0.3", "--dry_run"]
    assert main(["--config", str(config), "--out", str(config.parent / "new"), *options]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    plain, jittered = (next(line for line in lines if line[:2] == [solver, "all"]) for solver in ("plain", "jittered"))
    assert plain == ["plain", "all", "60", "6", "00:05"]  # 54 cases of a third of .3 s
    assert jittered == ["jittered", "all", "60", "0", "?"]
    assert " ".join(lines[-1]).endswith("6 there; one process would need 00:05 and what is not known yet")
    assert not (config.parent / "new").exists()
