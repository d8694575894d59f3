"""Which runs are made again, and with which data, with a command that only writes files."""

import functools
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hand_made import tables
from PIL import Image

from lit_inverse.reproductions import making
from lit_inverse.reproductions.data import choose
from lit_inverse.reproductions.making import Start, make, run_all
from lit_inverse.reproductions.reproduction import Data, Run
from lit_inverse.reproductions.runs import Request, job_of, plan_all

SWEEP, THEORY = Run("sweep"), Run("theory", tables=("values",))


def row(key: str) -> str:
    return json.dumps({"key": key, "device": "cpu", "n": 784, "seconds": 15.0}) + "\n"


class Starting:
    """Counts commands and writes what evaluate.py would."""

    def __init__(self, fails: Sequence[str] = (), commit: str = "abc", results: str = row("k0")) -> None:
        self.commands: list[list[str]] = []
        self.fails, self.commit, self.results = fails, commit, results

    def __call__(self, command: Sequence[str], log: Path, threads: int) -> int:
        self.commands.append(list(command))
        out = Path(command[command.index("--out") + 1])
        log.write_text("one line\nthe last line\n")
        if out.name in self.fails:
            return 2
        out.mkdir(parents=True, exist_ok=True)
        (out / "values.csv").write_text("a\n1\n")
        (out / "results.jsonl").write_text(self.results)
        (out / "timings.csv").write_text('solver,total,devices\nlasso,5.0,cpu\ncsdip,10.0,"cpu, cuda:0"\n')
        (out / "versions.yaml").write_text(f"commit: {self.commit}\n")
        return 0


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    configs = tmp_path / "configs"
    configs.mkdir()
    (configs / "sweep.yaml").write_text("data: {init_args: {root: nowhere}}\nlimit: 10\n")
    (configs / "theory.yaml").write_text("experiment: fake\n")
    for name in ("sweep", "theory"):
        (configs / f"{name}.small.yaml").write_text("limit: 1\n")
    return Request(tmp_path / "out", tmp_path / "data", tmp_path / "docs", configs=configs)


def made(request: Request, starting: Start, *asked: Run) -> dict[str, str | None]:
    """Why each run failed, None if it did not."""
    jobs, failed = plan_all(asked, request)
    ended = run_all(jobs, 2, functools.partial(make, starting=starting))
    return {**failed, **{job.run.name: reason for job, reason in ended}}


def folder(request: Request, run: Run, kind: str = "small") -> Path:
    return request.out / kind / run.name


def done(request: Request, run: Run, kind: str = "small") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder(request, run, kind) / "done.json").read_text())
    return content


def test_an_experiment_that_is_done_is_not_run_again_and_a_sweep_looks_for_what_is_missing(request_: Request) -> None:
    starting = Starting()
    for _ in range(2):
        assert made(request_, starting, SWEEP, THEORY) == {"sweep": None, "theory": None}
    assert sorted(Path(command[command.index("--out") + 1]).name for command in starting.commands) == [
        "sweep", "sweep", "theory",
    ]  # fmt: skip


def test_a_changed_configuration_runs_again_in_a_folder_of_its_own(request_: Request) -> None:
    made(request_, Starting(commit="before"), THEORY)
    (request_.configs / "theory.small.yaml").write_text("limit: 2\n")
    made(request_, Starting(commit="now"), THEORY)
    assert done(request_, THEORY)["commit"] == "now"
    aside = list(request_.out.glob("small/theory.before.*/done.json"))
    assert [json.loads(path.read_text())["commit"] for path in aside] == ["before"]


def test_a_sweep_of_other_settings_is_moved_aside_and_what_it_shares_is_taken_over(request_: Request) -> None:
    small = request_.configs / "sweep.small.yaml"
    first, starting = small.read_text(), Starting(results=row("k0") + row("k1"))
    made(request_, starting, SWEEP)
    small.write_text("limit: 2\n")
    made(request_, starting, SWEEP)
    small.write_text(first)
    starting.results = row("k0")
    made(request_, starting, SWEEP)
    taken = [command[command.index("--reuse") + 1] for command in starting.commands if "--reuse" in command]
    aside = sorted(str(path.resolve()) for path in request_.out.glob("small/sweep.before.*"))
    assert [json.loads(folders) for folders in taken] == [aside[:1], aside]


def test_a_sweep_that_was_moved_aside_without_results_is_not_asked_for_any(request_: Request) -> None:
    made(request_, Starting(fails=["sweep"]), SWEEP)
    (request_.configs / "sweep.small.yaml").write_text("limit: 2\n")
    starting = Starting()
    assert made(request_, starting, SWEEP) == {"sweep": None}
    assert "--reuse" not in starting.commands[0]


def test_an_experiment_that_was_killed_goes_on_in_its_folder(request_: Request) -> None:
    assert made(request_, Starting(fails=["theory"]), THEORY) == {"theory": "exit code 2: the last line"}
    (folder(request_, THEORY) / "half.csv").touch()
    assert made(request_, Starting(), THEORY) == {"theory": None}
    assert (folder(request_, THEORY) / "half.csv").exists()


def test_the_time_of_an_experiment_is_that_of_all_its_attempts(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "time", SimpleNamespace(monotonic=itertools.count(0, 10).__next__))
    for fails in (["theory"], []):
        make(job_of(THEORY, request_), Starting(fails))
    assert done(request_, THEORY)["seconds"] == 20.0


def test_a_run_that_fails_does_not_stop_the_others(request_: Request) -> None:
    found = made(request_, Starting(fails=["sweep"]), SWEEP, Run("missing"), THEORY)
    assert found["sweep"] == "exit code 2: the last line"
    assert "missing.yaml" in str(found["missing"])
    assert found["theory"] is None
    assert not (folder(request_, SWEEP) / "done.json").exists()


def test_a_broken_configuration_is_a_failure_of_its_run_alone(request_: Request) -> None:
    (request_.configs / "sweep.yaml").write_text("data: {")
    found = made(request_, Starting(), SWEEP, THEORY)
    assert "expected the node content" in str(found["sweep"])
    assert found["theory"] is None


def test_a_bug_in_one_run_does_not_stop_the_others(request_: Request, capsys: pytest.CaptureFixture[str]) -> None:
    found = made(request_, Starting(results=""), SWEEP, THEORY)
    assert found["sweep"] is not None
    assert found["theory"] is None
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", '{"small": tr', "[]"])
@pytest.mark.parametrize("name", ["done.json", "begun.json"])
def test_a_record_that_can_not_be_read_counts_as_none(name: str, content: str, request_: Request) -> None:
    made(request_, Starting(), SWEEP, THEORY)
    for run in (SWEEP, THEORY):
        (folder(request_, run) / name).write_text(content)
    starting = Starting()
    assert made(request_, starting, SWEEP, THEORY) == {"sweep": None, "theory": None}
    assert len(starting.commands) == 2
    assert done(request_, THEORY)["commit"] == done(request_, SWEEP)["commit"] == "abc"


def test_a_record_is_written_whole_or_not_at_all(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(path: Path, text: str) -> None:
        with path.open("w") as file:
            file.write(text[:5])
        raise OSError("the disk is full")

    def starting(*args: Any) -> int:
        code = Starting(results=row("k1"))(*args)
        monkeypatch.setattr(Path, "write_text", cut)
        return code

    make(job_of(SWEEP, request_), Starting())
    before, job = done(request_, SWEEP), job_of(SWEEP, request_)
    with pytest.raises(OSError, match="the disk is full"):
        make(job, starting)
    assert done(request_, SWEEP) == before


def test_the_record_of_a_sweep_has_the_time_of_its_solvers_and_the_size_of_x(request_: Request) -> None:
    made(request_, Starting(results=row("k0") + '{"key": "cut'), SWEEP)
    record = done(request_, SWEEP)
    assert (record["seconds"], record["unknowns"], record["commit"], record["small"]) == (15.0, 784, "abc", True)
    assert record["date"] == time.strftime("%Y-%m-%d", time.gmtime())
    assert record["device"].startswith("cpu, cuda:0, ")


def test_lines_of_an_earlier_version_of_a_solver_do_not_count(request_: Request) -> None:
    made(request_, Starting(results=row("of version 1") + row("of version 2")), SWEEP)
    assert done(request_, SWEEP)["seconds"] == 15.0


@pytest.mark.parametrize(("results", "renewed"), [(row("k0"), False), (row("k0") + row("k1"), True)])
def test_a_sweep_keeps_its_date_and_commit_until_something_new_is_computed(
    results: str, renewed: bool, request_: Request
) -> None:
    made(request_, Starting(), SWEEP)
    path = folder(request_, SWEEP) / "done.json"
    path.write_text(json.dumps({**done(request_, SWEEP), "date": "2020-02-20"}))
    made(request_, Starting(commit="later", results=results), SWEEP)
    assert ((done(request_, SWEEP)["date"] != "2020-02-20"), done(request_, SWEEP)["commit"] == "later") == (
        renewed, renewed,
    )  # fmt: skip


def test_runs_of_another_size_or_on_other_data_have_folders_of_their_own(request_: Request) -> None:
    run, starting = Run("sweep", Data("xray/dev", "X-rays")), Starting()
    made(request_, starting, run)
    (request_.data / "xray" / "dev").mkdir(parents=True)
    made(request_, starting, run)
    made(replace(request_, full=True), starting, run)
    kinds = ["small-drawn", "small", "full"]
    assert [command[command.index("--out") + 1] for command in starting.commands] == [
        str(folder(request_, run, kind)) for kind in kinds
    ]
    assert [(done(request_, run, kind)["small"], done(request_, run, kind)["real"]) for kind in kinds] == [
        (True, False), (True, True), (False, True),
    ]  # fmt: skip


def test_full_runs_have_no_small_file(request_: Request) -> None:
    starting = Starting()
    made(replace(request_, full=True), starting, SWEEP)
    made(request_, starting, SWEEP)
    assert ["sweep.small.yaml" in " ".join(command) for command in starting.commands] == [False, True]
    assert all(command[-4:] == ["--logger", "false", "--threads", "1"] for command in starting.commands)


def test_the_longest_runs_begin_first_and_those_before_that_were_never_timed(request_: Request) -> None:
    names = ["short", "long", "full", "new"]
    for name in names:
        (request_.configs / f"{name}.yaml").write_text("experiment: fake\n")
    kept = request_.docs / "reproductions"
    for name, seconds in (("short", 10.0), ("long", 100.0), ("full", 1.0)):
        tables(kept / name, {"seconds": seconds, "small": name != "full"})
    jobs, _ = plan_all([Run(name) for name in names], request_)
    assert [(job.run.name, job.expected) for job in jobs] == [
        ("full", None), ("new", None), ("long", 100.0), ("short", 10.0),
    ]  # fmt: skip


def test_real_data_is_taken_where_it_is_and_said_to_be_missing_where_it_is_not(request_: Request) -> None:
    config = request_.configs / "sweep.yaml"
    run = Run("sweep", Data("xray/dev", "X-rays"))
    drawn = choose(run, config, request_.data, request_.out)
    assert (drawn.real, drawn.words) == (False, "drawn ellipses")
    assert drawn.place == f"in place of X-rays, not found in {request_.data / 'xray' / 'dev'}"
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


def test_the_folder_that_a_configuration_names_is_found_by_the_name_of_its_argument(request_: Request) -> None:
    config = request_.configs / "theory.yaml"
    run = Run("theory", Data("natural/dev", "natural images", {}, "a photograph", root="settings.root"))
    for root in ("null", "../images"):
        config.write_text(f"experiment: fake\nsettings: {{root: {root}}}\n")
        assert not choose(run, config, request_.data, request_.out).real
    (request_.configs.parent / "images").mkdir()
    chosen = choose(run, config, request_.data, request_.out)
    assert (chosen.arguments, chosen.words, chosen.real) == ([], "natural images", True)
