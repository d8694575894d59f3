"""Sweeps in several processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_evaluate import ROOT, SWEEP, _environment

from lit_inverse.evaluation.results import read_rows


def start(config: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "evaluate.py",
        "--config",
        str(config),
        "--out",
        str(out),
        "--trainer.accelerator",
        "cpu",
    ]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output


def errors(out: Path) -> dict[str, float]:
    return {key: row["mse"] for key, row in read_rows(out).items()}


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in out.glob("results*.jsonl") for line in path.read_text().splitlines()]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    return path


def test_two_processes_compute_each_case_once_and_as_one_does(config: Path, tmp_path: Path) -> None:
    processes = [
        start(config, tmp_path / "one", "--batch_size", "1"),
        start(config, tmp_path / "two", "--batch_size", "1", "--trainer.devices", "2"),
    ]
    for process in processes:
        finish(process)
    assert errors(tmp_path / "one") == errors(tmp_path / "two")
    assert len(lines(tmp_path / "two")) == 12
    assert not (tmp_path / "two" / "claims").exists()
    assert (tmp_path / "two" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["starter", "started"])
def test_a_killed_process_takes_nothing_finished_with_it(config: Path, tmp_path: Path, victim: str) -> None:
    slow = ["--batch_size", "1", "--solvers.plain.seconds", "0.5"]
    process = start(config, tmp_path / "out", *slow, "--trainer.devices", "2")
    children: list[str] = []
    while len(lines(tmp_path / "out") if (tmp_path / "out").exists() else []) < 3:
        time.sleep(0.05)
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    before = errors(tmp_path / "out")
    os.kill(process.pid if victim == "starter" else int(children[0]), signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode != 0
    finish(start(config, tmp_path / "out", *slow))
    after = errors(tmp_path / "out")
    assert before.items() <= after.items()
    finish(start(config, tmp_path / "undisturbed", *slow))
    assert after == errors(tmp_path / "undisturbed")


@pytest.mark.slow
def test_a_process_slower_than_the_groups_time_out_ends_well(config: Path, tmp_path: Path) -> None:
    strategy = {"class_path": "pytorch_lightning.strategies.DDPStrategy"}
    strategy["init_args"] = {"process_group_backend": "gloo", "timeout": "0:00:40"}  # type: ignore[assignment]
    options = ["--trainer.strategy", json.dumps(strategy), "--trainer.devices", "2", "--batch_size", "1"]
    # one batch takes far longer than the time-out, all others no time
    process = start(config, tmp_path / "out", *options, "--solvers.plain.seconds", "60", "--limit", "1")
    finish(process)
    assert len(lines(tmp_path / "out")) == 4
