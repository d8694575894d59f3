"""Nothing finished is lost when a sweep is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_sweep import ROOT, SWEEP, environment

from evaluate import main
from lit_inverse.evaluation import command as command_line
from lit_inverse.evaluation import runner
from lit_inverse.evaluation.results import read_rows
from lit_inverse.evaluation.solving import solve_batch


def test_a_sweep_killed_again_and_again_ends_as_if_undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed as soon as 1, 3, ... results are there; forked, which saves the imports."""
    config = tmp_path / "sweep.yaml"
    config.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    monkeypatch.setattr(command_line, "write_report", lambda *_: None)

    def argv(out: str) -> list[str]:
        options = ["--batch_size", "1", "--solvers.plain.seconds", "0.1", "--solvers.jittered.seconds", "0.1"]
        return ["--config", str(config), "--out", str(tmp_path / out), *options]

    seen: dict[str, float] = {}
    for n_results in (1, 3, 4, 8):
        process = multiprocessing.get_context("fork").Process(target=main, args=(argv("killed"),))
        process.start()
        while len(read_rows(tmp_path / "killed")) < n_results:
            assert process.is_alive()
            time.sleep(0.01)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        before, seen = seen, {key: row["mse"] for key, row in read_rows(tmp_path / "killed").items()}
        assert before.items() <= seen.items()
    assert main(argv("killed")) == main(argv("undisturbed")) == 0
    ended, undisturbed = (
        {key: row["mse"] for key, row in read_rows(tmp_path / o).items()} for o in ("killed", "undisturbed")
    )
    assert seen.items() <= ended.items() == undisturbed.items()
    assert len((tmp_path / "killed" / "results.jsonl").read_text().splitlines()) == len(ended) == 12


def test_a_sweep_told_to_end_does_so_within_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "sweep.yaml"
    config.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    monkeypatch.setattr(command_line, "write_report", lambda *_: None)
    argv = ["--config", str(config), "--out", str(tmp_path / "out"), "--batch_size", "1", "--solvers.jittered.seconds"]
    process = multiprocessing.get_context("fork").Process(target=main, args=([*argv, "600"],))
    process.start()
    try:
        while not read_rows(tmp_path / "out"):  # cases of the other solver
            assert process.is_alive()
            time.sleep(0.01)
        process.terminate()
        process.join(20)
        assert process.exitcode == -signal.SIGTERM
    finally:
        process.kill()
    before = read_rows(tmp_path / "out")
    assert {row["solver"] for row in before.values()} == {"plain"}
    assert main([*argv, "0"]) == 0
    after = read_rows(tmp_path / "out")
    assert before.items() <= after.items()
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == len(after) == 12


def test_a_handler_of_sigterm_of_the_caller_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "sweep.yaml"
    config.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    monkeypatch.setattr(command_line, "write_report", lambda *_: None)
    during = []

    def solve(*args: Any) -> Any:
        during.append(signal.getsignal(signal.SIGTERM))
        return solve_batch(*args)

    def handler(*_: Any) -> None: ...

    monkeypatch.setattr(runner, "solve_batch", solve)
    before = signal.signal(signal.SIGTERM, handler)
    try:
        assert main(["--config", str(config), "--out", str(tmp_path / "out")]) == 0
        during.append(signal.getsignal(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert set(during) == {handler}


@pytest.mark.slow
def test_a_sweep_killed_at_random_moments_ends_as_if_undisturbed(tmp_path: Path) -> None:
    config = tmp_path / "sweep.yaml"
    config.write_text(yaml.safe_dump({**SWEEP, "limit": 10}, sort_keys=False))
    options = ["--config", str(config), "--kills", "10", "--two", "0.4", "--", "--solvers.plain.seconds", "0.1"]
    command = [sys.executable, "benchmarks/sigkill.py", *options]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
