"""evaluate.py with a file that names an experiment of theory."""

import os
import re
import sys
from pathlib import Path

import pytest
import yaml
from small_sweep import SWEEP

from evaluate import main

MODULE = '''
from pathlib import Path

def run(out: Path = Path("nowhere"), root: Path | None = None, sizes: tuple[int, ...] = (1, 2), seeds: int = 3,
        shifts: tuple[float, ...] = (1.0,)) -> None:
    """Writes what it was told.

    Args:
        out: folder.
        root: a path.
        sizes: numbers.
        seeds: a number.
        shifts: numbers, of which only the experiment knows what they may be.
    """
    if not 0 < seeds < 10:
        raise ValueError(f"seeds is {seeds}, expected 1 to 9")
    (out / "told.txt").write_text(f"{root} {sizes} {seeds}")
    (out / "shifts.txt").write_text(f"{shifts}")
'''


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fake_theory").mkdir()
    (tmp_path / "fake_theory" / "__init__.py").touch()
    (tmp_path / "fake_theory" / "experiment.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("fake_theory", "fake_theory.experiment"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    path = tmp_path / "configs" / "fake.yaml"
    path.parent.mkdir()
    path.write_text("name: fake\nexperiment: fake_theory\nsettings: {root: ../data, seeds: 2}\n")
    return path


def test_an_experiment_runs_with_the_settings_of_its_file(config: Path, tmp_path: Path) -> None:
    assert main(["--config", str(config), "--settings.sizes", "[4]"]) == 0
    out = tmp_path / "runs" / "fake"
    assert (out / "told.txt").read_text() == f"{tmp_path / 'data'} (4,) 2"
    assert "commit" in yaml.safe_load((out / "versions.yaml").read_text())


def test_the_saved_configuration_repeats_an_experiment(config: Path, tmp_path: Path) -> None:
    assert main(["--config", str(config), "--settings.sizes", "[4]", "--out", str(tmp_path / "a")]) == 0
    assert main(["--config", str(tmp_path / "a" / "config.yaml"), "--out", str(tmp_path / "b")]) == 0
    assert (tmp_path / "b" / "told.txt").read_text() == (tmp_path / "a" / "told.txt").read_text()


@pytest.mark.parametrize("kind", ["experiment", "sweep"])
def test_a_configuration_may_come_through_a_pipe(config: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load(config.read_text()) if kind == "experiment" else SWEEP
    source, target = os.pipe()
    os.write(target, yaml.safe_dump(content).encode())
    os.close(target)
    with pytest.raises(SystemExit) as exit_:
        main(["--config", f"/dev/fd/{source}", "--print_config"])
    os.close(source)
    assert exit_.value.code == 0
    assert yaml.safe_load(capsys.readouterr().out)["name"] == content["name"]


@pytest.mark.parametrize("shifts", ["[-1, 0]", "[]"])
def test_an_experiment_of_another_package_judges_its_settings_itself(config: Path, tmp_path: Path, shifts: str) -> None:
    assert main(["--config", str(config), "--settings.shifts", shifts, "--out", "out"]) == 0
    assert (tmp_path / "out" / "shifts.txt").read_text() == {"[-1, 0]": "(-1.0, 0.0)", "[]": "()"}[shifts]


def test_a_null_experiment_is_a_sweep(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*options: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            main([*options, "--print_config"])
        assert exit_.value.code == 0
        return capsys.readouterr().out

    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(SWEEP))
    (tmp_path / "null.yaml").write_text(yaml.safe_dump({**SWEEP, "experiment": None}))
    sweep = printed("--config", "sweep.yaml")
    assert "solvers:" in sweep
    assert printed("--config", "null.yaml") == printed("--config", "sweep.yaml", "--experiment", "null") == sweep
    assert "solvers:" in printed("--experiment", "null")
    (tmp_path / "first.yaml").write_text("experiment: null")
    assert "seeds: 2" in printed("--config", "first.yaml", "--config", str(config))


@pytest.mark.parametrize("content", ["settings: {seeds: 1}", "settings.seeds: 1"])
def test_later_files_of_an_experiment_win_key_by_key(config: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "later.yaml").write_text(content)
    assert main(["--config", str(config), "--config", "later.yaml", "--out", "out"]) == 0
    assert (tmp_path / "out" / "told.txt").read_text() == f"{tmp_path / 'data'} (1, 2) 1"


def test_an_experiment_prints_its_configuration_and_help(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--print_config", "--help"):
        with pytest.raises(SystemExit) as exit_:
            main(["--config", str(config), option])
        assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert "seeds: 2" in printed
    assert "--settings.sizes" in printed
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--settings.seed", "1"], "unrecognized arguments: --settings.seed"),
        (["--settings.seeds", "x"], "settings.seeds: Expected a int. got x"),
        (["--settings.seeds", "0"], "settings: seeds is 0, expected 1 to 9"),
        (["--limit", "3"], "unrecognized arguments: --limit"),
        (["--experiment", "lit_inverse.nothing"], "experiment: got 'lit_inverse.nothing' .*, expected the name of"),
        (["--experiment", ""], "experiment: got '' .*, expected the name of"),
        (["--experiment", ".foo"], "experiment: got '.foo' .*, expected the name of"),
        (["--experiment", "yaml"], "experiment: got 'yaml' .*, expected the name of"),
        (["--config", "nowhere.yaml"], "--config nowhere.yaml: .*No such file"),
        (["--out", "/proc/nowhere"], "out: .*/proc/nowhere"),
    ],
)
def test_wrong_settings_of_an_experiment_end_in_one_line_and_exit_code_2(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["--config", str(config), *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert re.search(message, captured.err), captured.err


@pytest.mark.parametrize("content", ["setting: {seeds: 1}", "settings: {seed: 1}", "limit: 3", "settings.seed: 1"])
def test_wrong_keys_in_a_file_of_an_experiment_are_refused(
    config: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    Path("wrong.yaml").write_text(content)
    assert main(["--config", str(config), "--config", "wrong.yaml"]) == 2
    captured = capsys.readouterr()
    assert "wrong.yaml: " in captured.err
    assert captured.err.count("\n") == 1


def test_the_configuration_of_an_earlier_run_stays_when_another_one_is_refused(config: Path, tmp_path: Path) -> None:
    assert main(["--config", str(config), "--out", "out"]) == 0
    before = (tmp_path / "out" / "config.yaml").read_text()
    assert main(["--config", str(config), "--out", "out", "--settings.seeds", "0"]) == 2
    assert (tmp_path / "out" / "config.yaml").read_text() == before


def test_a_refused_run_leaves_no_configuration(config: Path, tmp_path: Path) -> None:
    assert main(["--config", str(config), "--out", "out", "--settings.seeds", "10"]) == 2
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("other", ["experiment: another_theory", "name: digits"])
def test_results_of_something_else_are_not_written_over(
    config: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    Path("out").mkdir()
    Path("out", "config.yaml").write_text(other)
    assert main(["--config", str(config), "--out", "out"]) == 2
    assert re.search("out: .* has results of (another_theory|the sweep digits), expected", capsys.readouterr().err)
    assert [path.name for path in Path("out").iterdir()] == ["config.yaml"]
