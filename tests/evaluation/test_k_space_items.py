"""Sweeps over items that bring their own k-space."""

import dataclasses
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
import torch
import yaml
from pytorch_lightning import LightningDataModule

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, write_synthetic
from datamodules.fastmri.reader import Files
from lit_inverse.errors import UsageError
from lit_inverse.evaluation.batches import batches
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.names import Names
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.pictures import draw_cases
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.runner import build_trainer, run
from lit_inverse.evaluation.solving import solve_batch
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.noise import Gaussian

CPU = torch.device("cpu")


class Slices(LightningDataModule):
    """Four slices of two volumes, of two coils and 16 x 12, each changed by a function."""

    value_range = None
    shown_range = (0.0, 1.0)

    def __init__(self, change: Callable[[int, dict[str, Any]], dict[str, Any]] = lambda number, item: item) -> None:
        super().__init__()
        self.change = change

    def dataset(self, split: str) -> list[dict[str, Any]]:
        source = torch.Generator().manual_seed(0)
        items = []
        for number in range(4):
            kspace = torch.randn(2, 16, 12, generator=source, dtype=torch.complex64)
            x = torch.rand(1, 10, 12, generator=source, dtype=torch.float32)
            item = {"x": x, "kspace": kspace, "maximum": torch.tensor(1.5, dtype=torch.float64)}
            volume = f"{number // 2}.h5"
            items.append(self.change(number, item | {"id": f"{volume}:{number % 2}", "volume": volume}))
        return items


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., Sweep]:
    """A sweep of one solver over `Slices` that are changed."""
    settings: dict[str, Any] = {
        "data": {"class_path": "datamodules.FastMRIDataModule"},
        "operator": {"class_path": "lit_inverse.operators.CartesianFourier", "init_args": {"acceleration": 2}},
        "operator_per": "volume",
        "measurements": [None],
        "vary": None,
        "solvers": {"zero_filled": {"class_path": "lit_inverse.solvers.ZeroFilled"}},
        "logger": False,
    }
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(settings))
    read = read_sweep(Request.read(["--config", str(path)], path))
    return lambda *change: dataclasses.replace(read, data=Slices(*change))


def test_the_maximum_a_volume_is_compared_by_is_part_of_the_key(sweep: Callable[..., Sweep]) -> None:
    brighter = torch.tensor(1.6, dtype=torch.float64)
    before, after = (
        plan(one).cases for one in (sweep(), sweep(lambda i, item: item | ({"maximum": brighter} if i < 2 else {})))
    )
    assert [a.key == b.key for a, b in zip(before, after, strict=True)] == [False, False, True, True]


def test_a_batch_holds_references_of_one_size(sweep: Callable[..., Sweep]) -> None:
    of_two_sizes = sweep(lambda i, item: item | {"x": item["x"][:, : 10 - 2 * (i // 2)]})
    split = batches(of_two_sizes, plan(of_two_sizes), set(), CPU)
    assert [[case.index for case in batch] for batch in split] == [[0, 1], [2, 3]]
    for batch in split:
        rows = [solved.row for solved in solve_batch(of_two_sizes, of_two_sizes.dataset(), batch, CPU)]
        assert {row["volume"] for row in rows} == {f"{batch[0].index // 2}.h5"}


def test_an_operator_for_each_volume_takes_as_much_memory_as_one_for_each_image(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lit_inverse.evaluation.batches._OPERATOR_BYTES", 2 * 16 * 6 * 8)  # of 96 places in int64
    one = sweep()
    assert [len(batch) for batch in batches(one, plan(one), set(), CPU)] == [2, 2]


def test_volumes_of_many_shapes_are_not_in_memory_together(
    sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()
    most = []

    class ReadAnew:
        def __len__(self) -> int:
            return 6

        def __getitem__(self, index: int) -> dict[str, Any]:
            kspace = torch.ones(2, 16, 12 + index, dtype=torch.complex64)
            most.append(len(alive))
            alive.add(kspace)
            maximum = torch.tensor(1.0, dtype=torch.float64)
            return {"x": torch.ones(1, 8, 8), "kspace": kspace, "maximum": maximum, "id": f"v:{index}", "volume": "v"}

    monkeypatch.setattr(Slices, "dataset", lambda self, split: ReadAnew())
    assert len({case.shape for case in plan(sweep()).cases}) == 6
    assert max(most) <= 1  # the one before


def test_large_slices_are_not_solved_all_at_once(sweep: Callable[..., Sweep], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lit_inverse.evaluation.batches._ITEM_BYTES", 3 * 2 * 16 * 12 * 8 + 1)
    one = sweep()
    assert [len(batch) for batch in batches(one, plan(one), set(), CPU)] == [3, 1]


def test_volumes_of_two_widths_are_shown_in_figures_of_their_own(sweep: Callable[..., Sweep], tmp_path: Path) -> None:
    def narrower(number: int, item: dict[str, Any]) -> dict[str, Any]:
        return item if number < 2 else {**item, "kspace": item["kspace"][..., 2:], "x": item["x"][..., 2:]}

    of_two_widths = sweep(narrower)
    planned, results = plan(of_two_widths), Results(tmp_path / "out", 0)
    run(of_two_widths, planned, results, build_trainer(of_two_widths))
    outcome = Outcome.of(of_two_widths, planned.cases, results)
    assert {row["m"] for _, row in outcome.finished} == {2 * 16 * 6, 2 * 16 * 5}
    names = Names({"zero_filled": "zero-filled"}, None, (0.0, 1.0), Gaussian, [0.0])
    drawn = {one.name for one in draw_cases(of_two_widths, outcome, results, names)}
    assert drawn == {"reconstructions_10x12", "reconstructions_10x10"}
    results.close()


def test_a_sweep_begins_again_without_reading_its_volumes(
    sweep: Callable[..., Sweep], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = SyntheticVolumes(n_slices=3, n_coils=2, shape=(16, 12))
    paths = write_synthetic(tmp_path / "set", 3, law)
    read: list[str] = []
    whole = Files.read

    def listen(files: Files, volume: Any, number: int) -> Any:
        read.append(f"{volume.name}:{number}")
        return whole(files, volume, number)

    monkeypatch.setattr(Files, "read", listen)

    def keys() -> list[str]:
        data = FastMRIDataModule(tmp_path / "set", cache=tmp_path / "cache")
        return [case.key for case in plan(dataclasses.replace(sweep(), data=data)).cases]

    items = list(FastMRIDataModule(tmp_path / "set", cache=tmp_path / "cache").dataset("test"))  # without outlines
    monkeypatch.setattr(Slices, "dataset", lambda self, split: items)
    expected = [case.key for case in plan(sweep()).cases]
    read.clear()
    assert keys() == expected
    assert len(read) == 9 + 1  # one of each shape is measured
    read.clear()
    assert keys() == expected
    assert read == ["volume_000.h5:0"]
    read.clear()
    with h5py.File(paths[1], "r+") as file:
        file["kspace"][2] *= 2
    assert [a == b for a, b in zip(keys(), expected, strict=True)] == [*[True] * 5, False, *[True] * 3]
    assert read == ["volume_001.h5:0", "volume_001.h5:1", "volume_001.h5:2", "volume_000.h5:0"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", None, "0.h5:1 has no reference x to compare with, expected all of k-space"),
        ("mask", torch.ones(16, 12, dtype=torch.bool), "0.h5:1 is undersampled already (it has a mask), expected all"),
        ("maximum", torch.tensor(0.0), "0.h5:1 has the maximum 0, expected a finite number > 0"),
        ("maximum", torch.tensor(torch.nan), "0.h5:1 has the maximum nan, expected a finite number > 0"),
    ],
)
def test_what_can_not_be_compared_ends_a_sweep_before_it_begins(
    sweep: Callable[..., Sweep], name: str, value: Any, message: str
) -> None:
    def change(number: int, item: dict[str, Any]) -> dict[str, Any]:
        changed = item | ({name: value} if number == 1 else {})
        return {key: one for key, one in changed.items() if one is not None}

    with pytest.raises(UsageError) as error:
        plan(sweep(change))
    assert message in str(error.value)
