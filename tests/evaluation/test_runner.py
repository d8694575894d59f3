"""Short memory, and processes whose parent was killed."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from least_norm import LeastNorm
from small_sweep import SWEEP
from torch import Tensor

from evaluate import main
from lit_inverse.evaluation import command
from lit_inverse.evaluation.memory import Portions, is_out_of_memory
from lit_inverse.evaluation.parent_process import as_parent, end_with_parent
from lit_inverse.solvers.base import Given


def run(folder: Path, *options: str, **changes: Any) -> list[dict[str, Any]]:
    (folder / "sweep.yaml").write_text(yaml.safe_dump({**SWEEP, **changes}, sort_keys=False))
    assert main(["--config", str(folder / "sweep.yaml"), "--out", str(folder / "out"), *options]) == 0
    return [json.loads(line) for line in (folder / "out" / "results.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "write_report", lambda *_: None)


def test_the_size_that_fits_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, solve = [], LeastNorm._solve

    def noted(self: LeastNorm, given: Given) -> Any:
        tried.append(len(given.y))
        return solve(self, given)

    monkeypatch.setattr(LeastNorm, "_solve", noted)
    solvers = {"plain": {"class_path": "least_norm.LeastNorm", "init_args": {"largest_batch": 2}}}
    rows = run(tmp_path, "--batch_size", "8", solvers=solvers, limit=24, measurements=[20])
    assert len({row["key"] for row in rows}) == len(rows) == 24
    assert tried == [8, 4, *[2] * 12]


def test_a_case_that_fails_and_want_of_memory_in_one_batch_cost_no_case_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[list[int]] = []
    solve = LeastNorm._solve

    def noted(self: LeastNorm, given: Given) -> Any:
        tried.append(given.seeds)
        if tried[0][0] in given.seeds:
            raise RuntimeError("told to fail")
        if len(given.seeds) > 1 and tried[0][1] not in given.seeds:
            raise torch.OutOfMemoryError("not enough memory for so many")
        return solve(self, given)

    monkeypatch.setattr(LeastNorm, "_solve", noted)
    content = {**SWEEP, "solvers": {"plain": {"class_path": "least_norm.LeastNorm"}}, "limit": 4, "measurements": [20]}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    main(["--config", str(tmp_path / "sweep.yaml"), "--out", str(tmp_path / "out"), "--batch_size", "4"])
    assert [len(seeds) for seeds in tried] == [4, 2, 1, 1, 2, 1, 1]
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 3
    assert len((tmp_path / "out" / "failures.jsonl").read_text().splitlines()) == 1


def test_the_size_that_fits_is_known_to_later_batches() -> None:
    tried = []

    def doubled(x: Tensor) -> Tensor:
        tried.append(len(x))
        if len(x) > 3:
            raise MemoryError
        return 2 * x

    portions, x = Portions(8), torch.arange(10)
    for _ in range(2):
        assert torch.equal(torch.cat([*portions.of(x, doubled)]), 2 * x)
    assert tried == [8, 4, *[2] * 10]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_want_of_memory_is_known_by_its_names(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("expected scalar type Float"))


def test_equal_solvers_get_a_line_each_from_one_computation(tmp_path: Path) -> None:
    solvers = {name: {"class_path": "least_norm.LeastNorm"} for name in ("a", "b")}
    rows = run(tmp_path, solvers=solvers)
    assert len(rows) == 12
    assert len({row["key"] for row in rows}) == 6
    assert [row["solver"] for row in rows[:2]] == ["a", "b"]
    assert run(tmp_path, solvers=solvers) == rows


def test_taken_over_results_bear_the_names_of_this_sweep(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    run(first, solvers={"old": {"class_path": "least_norm.LeastNorm"}})
    new = {"new": {"class_path": "least_norm.LeastNorm"}}
    rows = run(second, "--reuse", json.dumps([str(first / "out")]), solvers=new, labels={"new": "New"})
    assert {(row["solver"], row["label"]) for row in rows} == {("new", "New")}


def _parent(pipe: Any) -> None:
    def started() -> None:
        os.environ["LOCAL_RANK"] = "1"
        end_with_parent()
        pipe.send(os.getpid())
        time.sleep(60)

    with as_parent():
        multiprocessing.get_context("fork").Process(target=started).start()
        time.sleep(60)


def test_a_process_ends_soon_after_its_parent_was_killed() -> None:
    here, there = multiprocessing.Pipe()
    parent = multiprocessing.get_context("fork").Process(target=_parent, args=(there,))
    parent.start()
    assert here.recv() != parent.pid
    assert parent.pid is not None
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    there.close()
    with pytest.raises(EOFError):  # the pipe breaks when its last holder ends
        assert not here.poll(20) or here.recv()
