"""Sweeps in several processes."""

import dataclasses
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_sweep import ROOT, SWEEP, environment

from evaluate import main
from lit_inverse.evaluation import command as command_line
from lit_inverse.evaluation.cases import Plan
from lit_inverse.evaluation.results import read_rows
from lit_inverse.evaluation.sweep import Sweep


def start(config: Path, out: Path, *options: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
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
        env={**environment(), **(variables or {})},
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
@pytest.mark.parametrize(
    ("victim", "end"), [("starter", signal.SIGKILL), ("started", signal.SIGKILL), ("starter", signal.SIGTERM)]
)
def test_a_killed_process_takes_nothing_finished_with_it(
    config: Path, tmp_path: Path, victim: str, end: signal.Signals
) -> None:
    slow = ["--batch_size", "1", "--solvers.plain.seconds", "0.5"]
    process = start(config, tmp_path / "out", *slow, "--trainer.devices", "2")
    children: list[str] = []
    while len(lines(tmp_path / "out") if (tmp_path / "out").exists() else []) < 3:
        time.sleep(0.05)
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    before = errors(tmp_path / "out")
    os.kill(process.pid if victim == "starter" else int(children[0]), end)
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


STABLE = {
    "lasso": {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"lam": 0.01}},
    "fista": {"class_path": "lit_inverse.solvers.FISTA", "init_args": {"max_iter": 30}},
}
CHAOTIC = {
    "csgm": {
        "class_path": "lit_inverse.solvers.LatentSearch",
        "init_args": {"generator": str(ROOT / "checkpoints" / "vae_digits.pt"), "max_iter": 8, "n_restarts": 2},
    },
    "csdip": {"class_path": "lit_inverse.solvers.DeepPrior", "init_args": {"max_iter": 8, "max_parallel": 16}},
}


def test_neither_order_nor_batches_change_keys_and_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit in batches of 1; over 8 iterations nothing is chaotic yet."""
    config = tmp_path / "mixed.yaml"
    mixed = {**SWEEP, "limit": 4, "measurements": [40], "solvers": {**STABLE, **CHAOTIC}, "threads": 1}
    config.write_text(yaml.safe_dump(mixed, sort_keys=False))

    def run(name: str, batch_size: int, seed: int | None) -> dict[str, float]:
        original = command_line.plan

        def shuffled(sweep: Sweep) -> Plan:
            planned = original(sweep)
            cases = random.Random(seed).sample(planned.cases, len(planned.cases))
            return planned if seed is None else dataclasses.replace(planned, cases=cases)

        with monkeypatch.context() as patched:
            patched.setattr(command_line, "plan", shuffled)
            patched.setattr(command_line, "write_report", lambda *_: None)
            options = ["--trainer.precision", "64-true", "--batch_size", str(batch_size)]
            assert main(["--config", str(config), "--out", str(tmp_path / name), *options]) == 0
        return errors(tmp_path / name)

    alone = run("alone", 1, None)
    assert len(alone) == 16
    assert run("shuffled", 1, 1) == alone
    for batch_size in (3, 16):
        assert run(f"batches{batch_size}", batch_size, batch_size) == pytest.approx(alone, rel=1e-6)


@pytest.mark.slow
def test_processes_batches_and_order_do_not_matter() -> None:
    options = ["--processes", "2", "4", "--batch_sizes", "1", "3", "--images", "8"]
    command = [sys.executable, "benchmarks/exactness.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@pytest.mark.slow
def test_torchrun_starts_two_processes_and_two_nodes(config: Path, tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run"]
    options = ["evaluate.py", "--config", str(config), "--trainer.accelerator", "cpu", "--batch_size", "1"]

    def run(out: str, launcher: list[str], *others: str) -> subprocess.Popen[str]:
        command = [*torchrun, *launcher, *options, "--out", str(tmp_path / out), *others]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    finish(start(config, tmp_path / "one", "--batch_size", "1"))
    finish(run("two", ["--standalone", "--nproc_per_node", "2"], "--trainer.devices", "2"))
    address = ["--nnodes", "2", "--nproc_per_node", "1", "--master_addr", "127.0.0.1", "--master_port", free_port()]
    nodes = [run("nodes", [*address, "--node_rank", str(rank)], "--trainer.num_nodes", "2") for rank in range(2)]
    for node in nodes:
        finish(node)
    for out in ("two", "nodes"):
        assert errors(tmp_path / out) == errors(tmp_path / "one")
        assert len(lines(tmp_path / out)) == 12
        assert (tmp_path / out / "results.rank1.jsonl").stat().st_size > 0


def start_tasks(config: Path, out: Path, *options: str) -> list[subprocess.Popen[str]]:
    """Two processes as SLURM starts them."""
    shared = {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_JOB_ID": "1", "SLURM_JOB_NAME": "sweep"}
    shared |= {"SLURM_NNODES": "1", "SLURM_NODEID": "0", "SLURM_NODELIST": "localhost"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    options = ("--trainer.devices", "2", *options)
    ranks = [{**shared, "SLURM_PROCID": rank, "SLURM_LOCALID": rank} for rank in ("0", "1")]
    return [start(config, out, *options, variables=variables) for variables in ranks]


@pytest.mark.slow
def test_slurm_is_detected_by_its_variables(config: Path, tmp_path: Path) -> None:
    for _ in range(2):  # the second time nothing is missing
        for task in start_tasks(config, tmp_path / "out"):
            finish(task)
    assert len(lines(tmp_path / "out")) == len(errors(tmp_path / "out")) == 12
    assert (tmp_path / "out" / "results.rank1.jsonl").stat().st_size > 0


@pytest.mark.slow
def test_nobody_waits_for_a_process_that_died(config: Path, tmp_path: Path) -> None:
    slow = ["--batch_size", "1", "--solvers.plain.seconds", "0.5", "--solvers.jittered.seconds", "0.5"]
    first, second = start_tasks(config, tmp_path / "out", *slow)
    of_second = tmp_path / "out" / "results.rank1.jsonl"
    while not of_second.exists() or not of_second.read_text():
        time.sleep(0.05)
    time.sleep(0.2)  # it has begun its next batch
    second.kill()
    output, _ = first.communicate(timeout=120)
    assert first.returncode == 1
    assert "1 cases are missing, a process died: the same command computes them" in output
    assert (tmp_path / "out" / "report.html").exists()
    finish(start(config, tmp_path / "out", *slow))
    assert len(lines(tmp_path / "out")) == len(errors(tmp_path / "out")) == 12
