"""Which runs are made again, and with which data, with a command that only writes files."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from PIL import Image

from lit_inverse.reproductions.data import choose
from lit_inverse.reproductions.experiment import Data, Run
from lit_inverse.reproductions.runs import Request, run_all, run_one

SWEEP, THEORY = Run("sweep"), Run("theory", tables=("values",))


class Starting:
    """Counts commands and writes what evaluate.py would."""

    def __init__(self, fails: Sequence[str] = ()) -> None:
        self.commands: list[list[str]] = []
        self.fails = fails

    def __call__(self, command: Sequence[str], log: Path, threads: int) -> int:
        self.commands.append(list(command))
        out = Path(command[command.index("--out") + 1])
        log.write_text("one line\nthe last line\n")
        if out.name in self.fails:
            return 2
        out.mkdir(parents=True, exist_ok=True)
        (out / "values.csv").write_text("a\n1\n")
        (out / "summary.csv").write_text("solver,n,seconds_mean\nours,5,3.0\n")
        (out / "results.jsonl").write_text('{"device": "cpu", "n": 784}\n')
        (out / "versions.yaml").write_text("commit: abc\n")
        return 0


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    configs = tmp_path / "configs"
    configs.mkdir()
    (configs / "sweep.yaml").write_text("data: {init_args: {root: nowhere}}\nlimit: 10\n")
    (configs / "theory.yaml").write_text("experiment: fake\n")
    for name in ("sweep", "theory"):
        (configs / f"{name}.small.yaml").write_text("limit: 1\n")
    return Request(tmp_path / "out", tmp_path / "data", configs=configs)


def done(request: Request, run: Run) -> dict[str, object]:
    content: dict[str, object] = json.loads((request.out / run.name / "done.json").read_text())
    return content


def test_an_experiment_that_is_done_is_not_run_again_and_a_sweep_looks_for_what_is_missing(request_: Request) -> None:
    starting = Starting()
    for _ in range(2):
        assert [reason for _, reason in run_all([SWEEP, THEORY], request_, starting)] == [None, None]
    assert sorted(Path(command[command.index("--out") + 1]).name for command in starting.commands) == [
        "sweep", "sweep", "theory",
    ]  # fmt: skip


def test_a_changed_configuration_runs_again_in_a_folder_of_its_own(request_: Request) -> None:
    starting = Starting()
    run_all_of = lambda: list(run_all([THEORY], request_, starting))  # noqa: E731
    run_all_of()
    before = done(request_, THEORY)["config_sha256"]
    (request_.configs / "theory.small.yaml").write_text("limit: 2\n")
    run_all_of()
    assert len(starting.commands) == 2
    assert done(request_, THEORY)["config_sha256"] != before
    assert [json.loads(path.read_text())["config_sha256"] for path in request_.out.glob("*.before.*/done.json")] == [
        before
    ]


def test_an_experiment_that_was_killed_goes_on_in_its_folder(request_: Request) -> None:
    assert run_one(THEORY, request_, Starting(fails=["theory"])) == "exit code 2: the last line"
    (request_.out / "theory" / "half.csv").touch()
    assert run_one(THEORY, request_, Starting()) is None
    assert (request_.out / "theory" / "half.csv").exists()


def test_a_run_that_fails_does_not_stop_the_others(request_: Request) -> None:
    missing = Run("missing")
    starting = Starting(fails=["sweep"])
    found = {run.name: reason for run, reason in run_all([SWEEP, missing, THEORY], request_, starting)}
    assert found["sweep"] == "exit code 2: the last line"
    assert "missing.yaml" in str(found["missing"])
    assert found["theory"] is None
    assert not (request_.out / "sweep" / "done.json").exists()


def test_the_record_of_a_sweep_has_the_time_of_its_solvers_and_the_size_of_x(request_: Request) -> None:
    run_one(SWEEP, request_, Starting())
    record = done(request_, SWEEP)
    assert (record["seconds"], record["unknowns"], record["commit"], record["small"]) == (15.0, 784, "abc", True)
    assert record["date"] == time.strftime("%Y-%m-%d", time.gmtime())


def test_full_runs_have_no_small_file(request_: Request) -> None:
    starting = Starting()
    run_one(SWEEP, Request(request_.out, request_.data, full=True, configs=request_.configs), starting)
    run_one(SWEEP, request_, starting)
    assert ["sweep.small.yaml" in " ".join(command) for command in starting.commands] == [False, True]
    assert all(command[-4:] == ["--logger", "false", "--threads", "1"] for command in starting.commands)


def test_real_data_is_taken_where_it_is_and_said_to_be_missing_where_it_is_not(request_: Request) -> None:
    config = request_.configs / "sweep.yaml"
    run = Run("sweep", Data("xray/dev", "X-rays"))
    drawn = choose(run, config, request_.data, request_.out)
    assert (drawn.real, drawn.words) == (False, "drawn ellipses")
    root = Path(yaml.safe_load(Path(drawn.arguments[1]).read_text())["data"]["init_args"]["root"])
    pictures = [Image.open(path) for path in sorted(root.glob("*.png"))]
    assert {(picture.size, picture.mode) for picture in pictures} == {((512, 512), "L")}
    instead = Data("mnist", "MNIST", {"data": {"class_path": "Digits"}}, "digits")
    chosen = choose(Run("sweep", instead), config, request_.data, request_.out)
    assert yaml.safe_load(Path(chosen.arguments[1]).read_text()) == {"data": {"class_path": "Digits"}}
    (request_.data / "xray" / "dev").mkdir(parents=True)
    assert choose(run, config, request_.data, request_.out).arguments == [
        "--data.root", str(request_.data / "xray" / "dev"),
    ]  # fmt: skip
    (request_.configs / "nowhere").mkdir()
    assert choose(Run("sweep", instead), config, request_.data, request_.out).arguments == []
