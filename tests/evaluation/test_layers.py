"""Errors of all iterates of short solvers on vectors."""

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evaluation.vectors import SWEEP, quickly, run, write

from evaluate import main
from lit_inverse.evaluation import trajectories
from lit_inverse.evaluation.layers import layer_errors
from lit_inverse.evaluation.trajectories import errors_along, is_short, iterates_to_follow
from lit_inverse.solvers import FISTA, Solution, Status

Row = dict[str, Any]


def with_steps(number: int) -> dict[str, Any]:
    fista = {"class_path": "lit_inverse.solvers.FISTA", "init_args": {"max_iter": number, "gap": 0.0, "lam": 0.1}}
    return {"fista": fista, "least_norm": SWEEP["solvers"]["least_norm"]}


def of(rows: list[Row], solver: str) -> list[Row]:
    return [row for row in rows if row["solver"] == solver]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    assert main(["--config", str(write(folder)), "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def rows(out: Path) -> list[Row]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_every_line_of_a_short_solver_has_its_errors_from_the_start_to_the_reconstruction(rows: list[Row]) -> None:
    assert len(of(rows, "fista")) == 2 * 5
    for row in of(rows, "fista"):
        assert len(row["along"]) == 7
        assert row["along"][0] == 1.0  # x_0 = 0
        assert row["along"][-1] == pytest.approx(row["nmse"], rel=1e-4)
    assert not any("along" in row for row in of(rows, "least_norm"))


def test_each_entry_is_the_error_of_as_many_steps(tmp_path: Path, rows: list[Row]) -> None:
    for row, three in zip(of(rows, "fista"), of(run(tmp_path, solvers=with_steps(3)), "fista"), strict=True):
        assert row["along"][3] == pytest.approx(three["nmse"], rel=1e-4)


def test_they_change_neither_keys_nor_other_entries(
    tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trajectories, "_LAYERS", 0)
    without = run(tmp_path)
    assert not any("along" in row for row in without)
    for one, other in zip(rows, without, strict=True):
        assert {name: one[name] for name in other if name != "seconds"} == {
            name: value for name, value in other.items() if name != "seconds"
        }
    assert not (tmp_path / "out" / "layers.csv").exists()
    assert not list((tmp_path / "out" / "figures").glob("error_along_layers*"))
    assert list((tmp_path / "out" / "figures").glob("error_against_noise.png"))
    monkeypatch.undo()
    assert run(tmp_path) == without  # nothing is computed again
    more = run(tmp_path, "--limit", "7")
    assert sum("along" in row for row in more) == 2 * 2


def test_batches_change_nothing(tmp_path: Path, rows: list[Row]) -> None:
    for one, other in zip(of(rows, "fista"), of(run(tmp_path, "--batch_size", "1"), "fista"), strict=True):
        assert one["along"] == pytest.approx(other["along"], rel=1e-4)


def test_the_last_layer_of_the_table_is_the_error_of_the_summary(out: Path) -> None:
    with (out / "layers.csv").open() as file:
        layers = list(csv.DictReader(file))
    assert [int(line["layer"]) for line in layers] == 2 * list(range(7))
    with (out / "summary.csv").open() as file:
        summaries = {line["noise_level"]: line for line in csv.DictReader(file) if line["solver"] == "fista"}
    for line in layers:
        if line["layer"] == "6":
            for name in ("nmse_db", "nmse_db_low", "nmse_db_high"):
                assert float(line[name]) == pytest.approx(float(summaries[line["noise_level"]][name]), abs=1e-4)
            assert line["n"] == "5"


def test_the_figure_is_drawn_by_the_one_command(out: Path) -> None:
    names = {path.name for path in (out / "figures").glob("*.png")}
    assert names >= {"error_along_layers.png", "error_against_noise.png", "error_against_m_noiseinf.png"}
    assert not any("linear" in name for name in names)


def test_settings_and_noise_that_do_not_fit_into_one_figure_get_one_per_level(tmp_path: Path) -> None:
    run(tmp_path, "--limit", "2", vary="kappa", measurements=[2.0, 5.0, 9.0])
    names = {path.name for path in (tmp_path / "out" / "figures").glob("error_along_layers*.png")}
    assert names == {"error_along_layers_noiseinf.png", "error_along_layers_noise20.png"}


def test_images_and_long_solvers_have_none() -> None:
    assert is_short(FISTA(max_iter=64), torch.zeros(2, 50))
    assert not is_short(FISTA(max_iter=65), torch.zeros(2, 50))
    assert not is_short(FISTA(max_iter=5), torch.zeros(2, 1, 8, 8))
    assert not is_short(FISTA(max_iter=5), torch.zeros(2, 50, dtype=torch.complex64))
    assert not is_short(FISTA(max_iter=64), torch.zeros(1).expand(1 << 12, 1 << 10))  # of 1 GiB of iterates
    assert iterates_to_follow(FISTA(max_iter=4), torch.zeros(2, 50), followed=False) == [0, 1, 2, 3, 4]


X = torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64)


def solution(iterates: torch.Tensor | None) -> Solution:
    return Solution(X + 1, [Status.MAX_ITER] * 2, torch.tensor([2, 2]), {}, iterates)


def test_the_reconstruction_comes_last_whatever_the_last_iterate_was() -> None:
    iterates = torch.stack([0 * X, torch.full_like(X, torch.nan), 7 * X])
    assert errors_along(solution(iterates), X) == [[1.0, None, 0.08], [None, None, None]]
    assert errors_along(solution(None), X) is None


def row(image: str, mse: float, nmse: float | None, along: list[float | None], **others: object) -> Row:
    return {
        "solver": "a", "label": "A", "m": 5, "noise_level": 0.0, "image": image, "repeat": 0, "value_range": None,
        "mse": mse, "nmse": nmse, "along": along, **others,
    }  # fmt: skip


def test_layers_by_hand() -> None:
    """Powers 1 and 3; a repeat is averaged first; x = 0 has no say; what is not finite is a gap."""
    found = layer_errors(
        [
            row("0", 0.1, 0.1, [1.0, 0.5, 0.2]),
            row("0", 0.1, 0.1, [1.0, 0.5, 0.0], repeat=1),
            row("1", 0.3, 0.1, [1.0, None, 0.1]),
            row("2", 0.0, None, [None, None, None]),
        ]
    )
    assert [(one.layer, one.n) for one in found] == [(0, 2), (1, 2), (2, 2)]
    assert found[0].nmse_db == pytest.approx(0)
    assert all(map(math.isnan, (found[1].nmse_db, found[1].nmse_db_low, found[1].nmse_db_high)))
    assert found[2].nmse_db == pytest.approx(10 * np.log10((0.1 + 0.3) / 4))


def test_results_without_layers_have_none() -> None:
    assert layer_errors([{name: v for name, v in row("0", 0.1, 0.1, []).items() if name != "along"}]) == []


def test_finished_runs_of_vectors_are_compared_in_db(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = []
    for steps in (3, 6):
        run(tmp_path / str(steps), solvers=with_steps(steps))
        folders.append(str(tmp_path / str(steps) / "out"))
    assert quickly("compare", *folders, "--out", str(tmp_path / "both")) == 0
    assert re.search(r"solver .* images +NMSE \(dB\) +95 % interval", capsys.readouterr().out)
    assert (tmp_path / "both" / "error_along_layers.png").exists()


def test_runs_of_other_signals_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, n_nonzero in (("first", 4), ("second", 5)):
        run(tmp_path / name, "--data.n_nonzero", str(n_nonzero), "--limit", "2")
    assert main(["compare", *(str(tmp_path / name / "out") for name in ("first", "second"))]) == 2
    assert "test/0 is not the same in" in capsys.readouterr().err
