"""What a crash can leave on disk, and what is made of it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from lit_inverse.errors import UsageError
from lit_inverse.evaluation.results import NewRows, Results

ROWS = [{"key": f"k{i}", "mse": 0.1 * i} for i in range(4)]


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("cut", range(1, len(json.dumps(ROWS[3]))))
def test_a_line_cut_anywhere_is_dropped_and_no_other(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(lines(ROWS[:3]) + json.dumps(ROWS[3])[:cut])
    results = Results(tmp_path)
    assert list(results.rows().values()) == ROWS[:3]
    results.append([ROWS[3]])
    assert path.read_text() == lines(ROWS)


def test_a_whole_line_without_its_break_is_kept(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text(lines(ROWS).removesuffix("\n"))
    results = Results(tmp_path)
    results.append([{"key": "new"}])
    assert list(results.rows()) == ["k0", "k1", "k2", "k3", "new"]


def test_garbage_between_lines_costs_no_finished_result(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(lines(ROWS[:2]).encode() + b"\x00\xff{]\n" + lines(ROWS[2:]).encode())
    assert list(Results(tmp_path).rows().values()) == ROWS


def test_results_of_all_ranks_are_read_and_the_first_of_a_key_counts(tmp_path: Path) -> None:
    Results(tmp_path).append(ROWS[:2])
    Results(tmp_path, rank=1).append([{"key": "k1", "mse": 9.0}, ROWS[2]])
    assert list(Results(tmp_path).rows().values()) == ROWS[:3]


def test_reconstructions_come_back(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.keep_reconstruction("k0", torch.arange(4.0).view(1, 2, 2))
    np.testing.assert_array_equal(results.reconstruction("k0"), np.arange(4.0).reshape(1, 2, 2))
    assert results.reconstruction("k1") is None


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="out: cannot write to .*--out"):
        Results(tmp_path / "file")


def test_failures_of_an_earlier_run_of_more_processes_are_forgotten(tmp_path: Path) -> None:
    results = [Results(tmp_path, rank) for rank in range(2)]
    results[1].note_failure("k0", "told to fail", "")
    assert results[0].failures() == {"k0": "told to fail"}
    for one in results:
        one.close()
    assert Results(tmp_path).failures() == {}


def test_processes_that_still_write_are_known(tmp_path: Path) -> None:
    first, other = Results(tmp_path), Results(tmp_path, rank=2)
    assert (first.is_open(1), first.is_open(2), first.others_open(2), first.others_open(3)) == (False, True, [2], [])
    other.close()
    assert first.others_open(1) == []


def test_lines_are_read_once_and_half_ones_later(tmp_path: Path) -> None:
    new = NewRows(tmp_path)
    text = lines(ROWS[:2])
    (tmp_path / "results.rank3.jsonl").write_text(text[:-5])
    assert new.read() == ROWS[:1]
    (tmp_path / "results.rank3.jsonl").write_text(text)
    assert new.read() == ROWS[1:2]
    assert new.read() == []


def test_infinite_levels_come_back_from_lines_that_any_reader_of_json_takes(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    rows = [
        {"key": "k0", "noise_level": math.inf, "setting": 3},
        {"key": "k1", "noise_level": 0.1, "setting": math.inf},
    ]
    results = Results(tmp_path)
    results.append(rows)
    assert [json.loads(line, parse_constant=refuse)["key"] for line in results.path.open()] == ["k0", "k1"]
    with results.path.open("a") as file:
        file.write('{"key": "k2", "noise_level": Infinity}\n')  # of an earlier version
    assert list(results.rows().values()) == [*rows, {"key": "k2", "noise_level": math.inf}]
