"""Dealing: the most expensive batch next, each to one process alone."""

import threading
from pathlib import Path

import pytest

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import NewRows, Results
from lit_inverse.evaluation.work import Costs, Work


def case(solver: str, number: int) -> Case:
    return Case(f"{solver}{number}", solver, number, str(number), 20, 0.0, 0)


def batches(solvers: str, n: int = 3) -> list[list[Case]]:
    return [[case(solver, number)] for solver in solvers for number in range(n)]


def costs(out: Path, work: list[list[Case]], seconds: dict[str, float]) -> Costs:
    """Costs after the first case of some solvers was measured."""
    Results(out).append([{"key": f"{solver}0", "seconds": each} for solver, each in seconds.items()])
    return Costs([case for batch in work for case in batch], NewRows(out))


def taken(work: Work) -> str:
    order = ""
    while (batch := work.take()) is not None:
        order += batch[0].solver
    return order


def test_the_most_expensive_comes_first_and_the_unknown_before_it(tmp_path: Path) -> None:
    work = batches("abc")
    assert taken(Work(work, costs(tmp_path, work, {"a": 1.0, "b": 9.0}))) == "cccbbbaaa"


def test_processes_begin_with_different_groups(tmp_path: Path) -> None:
    work = batches("abc", 1)
    assert [taken(Work(work, costs(tmp_path, work, {}), rank=rank)) for rank in range(4)] == [
        "abc",
        "bca",
        "cab",
        "abc",
    ]


def test_each_batch_goes_to_one_process_alone(tmp_path: Path) -> None:
    work, claims, found = batches("ab", 200), tmp_path / "claims", [[], [], [], []]  # type: ignore[var-annotated]
    claims.mkdir()
    known = costs(tmp_path, work, {"a": 1.0, "b": 2.0})

    def take_all(rank: int) -> None:
        mine = Work(work, known, claims, rank)
        while (batch := mine.take()) is not None:
            found[rank].append(batch[0].key)

    threads = [threading.Thread(target=take_all, args=(rank,)) for rank in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key for keys in found for key in keys) == sorted(batch[0].key for batch in work)


def test_time_left_is_known_once_every_group_was_measured(tmp_path: Path) -> None:
    work = batches("ab")
    known = costs(tmp_path, work, {"a": 1.0})
    assert known.seconds_left() is None
    Results(tmp_path, rank=1).append([{"key": "b0", "seconds": 10.0}])
    known.look(now=True)
    assert known.seconds_left() == pytest.approx(2 * 1.0 + 2 * 10.0)
    assert (known.n_finished(), known.per_case(work[3][0].group)) == (2, 10.0)


def test_a_case_that_equal_solvers_share_counts_for_the_first_which_computes_it(tmp_path: Path) -> None:
    first, same = Case("key", "a", 0, "0", 20, 0.0, 0), Case("key", "b", 0, "0", 20, 0.0, 0)
    Results(tmp_path).append([{"key": "key", "seconds": 3.0}])
    known = Costs([first, same], NewRows(tmp_path))
    assert (known.per_case(first.group), known.per_case(same.group)) == (3.0, None)
