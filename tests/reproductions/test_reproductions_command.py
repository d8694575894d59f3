"""What the command says and refuses, with runs that only write files."""

import json
from pathlib import Path

import pytest
from hand_made import RECORD, comparison, summary, tables

from lit_inverse.errors import IncompleteError, UsageError
from lit_inverse.reproductions import command
from lit_inverse.reproductions.command import reproductions
from lit_inverse.reproductions.runs import Job


def make(job: Job) -> str | None:
    if job.run.name == "lista_noiseless":
        return "exit code 1: out of memory"
    table = {} if job.run.name == "xray_noise" else {"summary": [summary("csdip", 500, 0.1)]}
    tables(job.folder, None, comparisons=[comparison("csdip", "tval3", 500, -0.2, -0.1)], **table)
    (job.folder / "done.json").write_text(json.dumps(RECORD | {"real": job.chosen.real, "data": job.chosen.words}))
    return None


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(command, "make", make)
    (tmp_path / "data" / "xray" / "dev").mkdir(parents=True)
    return [f"--{name}={tmp_path / name}" for name in ("out", "docs", "data")]


def test_it_says_what_runs_on_which_data_how_far_it_is_and_where_the_page_is(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables(tmp_path / "docs" / "reproductions" / "xray_gaussian")
    names = ["xray_gaussian", "xray_noise", "lista_noiseless"]
    with pytest.raises(IncompleteError, match="2 failed: .*; the same command tries again"):
        reproductions([*options, "--only", json.dumps(names), "--processes", "1"])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "3 runs at small settings, 1 at a time; what is finished is kept"
    folder, log = tmp_path / "data" / "xray" / "dev", tmp_path / "out" / "small" / "xray_gaussian.log"
    assert said[3] == f"  xray_gaussian (took 1.5 minutes): chest X-rays, in {folder}; log: {log}"
    assert said[2].startswith("  lista_noiseless (not measured before): data drawn from seeds, no files needed; log: ")
    ended = dict(
        line.removeprefix(f"{i} of 3 after 0.0 minutes: ").split(" ", 1) for i, line in enumerate(said[4:7], 1)
    )
    assert ended["xray_gaussian"] == "is done"
    assert ended["lista_noiseless"].startswith("failed: exit code 1: out of memory (log: ")
    assert ended["xray_noise"].startswith("failed: ")
    assert "summary.csv" in ended["xray_noise"]
    assert said[7:] == [f"page: {tmp_path / 'docs' / 'reproductions.md'}"]
    assert [path.name for path in (tmp_path / "docs" / "reproductions").iterdir()] == ["xray_gaussian"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--only", "[]"], "only: got no name, expected names from xray_gaussian, "),
        (["--only", "[nobody, mnist_gaussian, none]"], "only: unknown 'nobody', 'none', expected names from "),
        (["--docs", "FILE"], r"docs: cannot write to .*FILE/reproductions \(.*\): choose another --docs"),
        (["--out", "FILE/below"], r"out: cannot write to .*FILE/below \(.*\): choose another --out"),
        (["--data", "FILE"], "data: .*FILE is no folder, expected one with mnist/, xray/dev/, ..."),
        (["--processes", "0"], "processes"),
    ],
)
def test_what_is_impossible_is_refused_before_any_work(
    given: list[str], message: str, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "make", lambda _: pytest.fail("it has begun to run"))
    (tmp_path / "FILE").touch()
    with pytest.raises(UsageError, match=message):
        reproductions([*options, *(word.replace("FILE", str(tmp_path / "FILE")) for word in given)])


def test_the_page_alone_is_refused_where_it_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="docs: cannot write to"):
        reproductions(["page", "--docs", str(tmp_path / "file")])
