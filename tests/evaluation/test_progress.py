"""Progress: a bar on a terminal, plain lines elsewhere, moving while this process solves."""

import sys
import time
from pathlib import Path

import pytest

from lit_inverse.evaluation import progress
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.progress import Progress
from lit_inverse.evaluation.results import Results

CASES = [Case(f"k{number}", "csdip", number, str(number), 50, 0.0, 0) for number in range(4)]


def watch(out: Path) -> None:
    """Progress of four cases, of which one was there before and two are finished while it is shown."""
    Results(out).append([{"key": "k0", "seconds": 8.0}])
    shown = Progress(CASES, out, n_processes=2)
    shown.begin(CASES[1:2])
    Results(out, rank=1).append([{"key": key, "seconds": 8.0} for key in ("k1", "k2")])
    time.sleep(0.3)
    shown.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", (0.05, 0.05))
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_BARS", 0.05)


def test_lines_tell_cases_rate_solver_and_time_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch(tmp_path)
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert lines[-2].startswith("3/4 cases, ")
    assert lines[-2].endswith(" cases/s, csdip at 50, 00:04 left")
    assert lines[-1].endswith(", done, 00:04 left")


def test_a_terminal_shows_one_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    watch(tmp_path)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "3/4 cases" in captured.err
    assert "csdip at 50, 00:04 left" in captured.err
