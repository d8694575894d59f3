"""Every experiment of theory is a command that refuses what is impossible in one line."""

import importlib
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from lit_inverse import theory
from lit_inverse.theory.command import main

EXPERIMENTS = sorted(path.parent.name for path in Path(theory.__path__[0]).glob("*/__main__.py"))


def run(out: Path = Path("runs/nothing"), n: int = 1) -> None:
    if n < 1:
        raise ValueError(f"n is {n}, expected at least 1")
    if n == 13:
        raise RuntimeError("not foreseen")
    out.mkdir()


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("argument", ["--threads=none", "--treads=1"])
def test_every_experiment_refuses_wrong_arguments_in_one_line(
    name: str, argument: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, argument])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"lit_inverse.theory.{name}", run_name="__main__")
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "reads" in error


@pytest.mark.parametrize("arguments", [["--widths", "[]"], ["--m", "200"], ["--n_ascent", "-1"]])
def test_impossible_settings_of_conditions_are_refused_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lit_inverse.theory.recovery_conditions.experiment import run

    assert main(run, ["--out", str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {arguments[0].removeprefix('--')} ")
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "argument", "told"),
    [
        ("one_hidden_layer", "--trials=0", "trials is 0, expected at least 1"),
        ("analytic_deep_prior", "--seeds=0", "seeds is 0, expected at least 1"),
        ("learned_measurements", "--measurements=[]", "measurements is empty, expected at least one"),
        ("random_networks", "--networks=0", "networks is 0, expected at least 1"),
        ("smooth_signals", "--most=3", "leave no setting"),
        ("jacobian_spectra", "--iterations=[-1]", "iterations is -1, expected a finite number >= 0"),
    ],
)
def test_nothing_is_no_number_of_anything(
    name: str, argument: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = importlib.import_module(f"lit_inverse.theory.{name}.experiment").run
    assert main(run, ["--out", str(tmp_path / "out"), argument]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.glob("out/*"))


def test_what_others_refuse_is_no_wrong_setting(tmp_path: Path) -> None:
    def draw(out: Path) -> None:
        Figure().add_subplot().plot([1, 2], [1])

    def read(out: Path) -> None:
        json.loads("{")

    with pytest.raises(ValueError, match="same first dimension"):
        main(draw, ["--out", str(tmp_path)])
    with pytest.raises(json.JSONDecodeError):
        main(read, ["--out", str(tmp_path)])


def test_settings_come_from_the_command_line_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"out: {tmp_path / 'made'}\n")
    assert main(run, ["--config", str(file), "--n", "2"]) == 0
    assert (tmp_path / "made").is_dir()


def test_help_names_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(run, ["--help"])
    assert end.value.code == 0
    assert "--n" in capsys.readouterr().out


@pytest.mark.parametrize("error", ["n is 0, expected at least 1"])
def test_what_is_not_foreseen_keeps_its_traceback(error: str, capsys: pytest.CaptureFixture[Any]) -> None:
    assert main(run, ["--n", "0"]) == 2
    assert capsys.readouterr().err == f"error: {error}\n"
    with pytest.raises(RuntimeError, match="not foreseen"):
        main(run, ["--n", "13"])
