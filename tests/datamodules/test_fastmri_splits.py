"""Which slices of fastMRI are in a split, and how loaders give them."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from counting_model import CountingModel
from fastmri_files import SINGLE, SMALL, ids
from jsonargparse import ArgumentParser

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, volume_seed, write_synthetic
from datamodules.loader import ResumableLoader


def test_splits_share_no_volume(fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path) -> None:
    data = fastmri(fractions=(0.6, 0.2, 0.2))
    volumes = {split: [v.name for v in data.dataset(split).volumes] for split in ("train", "val", "test")}
    assert [len(names) for names in volumes.values()] == [6, 2, 2]
    assert sorted(name for names in volumes.values() for name in names) == sorted(
        path.name for path in ten_volumes.iterdir()
    )
    assert all(names == sorted(names) for names in volumes.values())
    assert {id.split(":")[0] for id in ids(data, "train")} == set(volumes["train"])
    assert volumes == {
        split: [v.name for v in fastmri(fractions=(0.6, 0.2, 0.2)).dataset(split).volumes] for split in volumes
    }


def test_published_folders_are_the_splits(fastmri: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    for first, split in enumerate(("train", "val")):
        write_synthetic(tmp_path / "set" / f"multicoil_{split}", 1, SMALL, first)
        write_synthetic(tmp_path / "set" / f"singlecoil_{split}", 1, SINGLE, first)
    for challenge in ("multicoil", "singlecoil"):
        data = fastmri(challenge=challenge)
        assert ids(data, "train")[0] == f"{challenge}_train/volume_000.h5:0"
        assert ids(data, "val")[0] == f"{challenge}_val/volume_001.h5:0"
        with pytest.raises(ValueError, match="no test slices: its arguments leave 0 files"):
            data.dataset("test")


def test_a_folder_of_the_challenge_is_preferred(fastmri: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set" / "multicoil", 1, SMALL)
    write_synthetic(tmp_path / "set" / "singlecoil", 1, SINGLE)
    (tmp_path / "set" / "multicoil" / ".volume.h5").write_bytes(b"hidden")
    assert ids(fastmri())[0] == "multicoil/volume_000.h5:0"
    assert ids(fastmri(challenge="singlecoil"))[0] == "singlecoil/volume_000.h5:0"


@pytest.mark.parametrize(
    ("slices", "expected"),
    [(1.0, [0, 1, 2, 3, 4]), (0.6, [1, 2, 3]), (0.01, [2]), ((1, 3), [1, 2]), ((3, 99), [3, 4])],
)
def test_slices_are_taken_from_the_middle_or_by_number(
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path, slices: Any, expected: list[int]
) -> None:
    write_synthetic(tmp_path / "set", 2, SyntheticVolumes(5, 1, (8, 8)))
    assert [int(id.split(":")[1]) for id in ids(fastmri(slices=slices))] == 2 * expected


def test_acquisitions_are_selected(fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path) -> None:
    data = fastmri(acquisition=["AX_ELLIPSOIDS"])
    assert {id.split(":")[0] for id in ids(data)} == {f"volume_00{i}.h5" for i in (1, 3, 5, 7, 9)}
    with pytest.raises(
        ValueError, match=r"0 of the acquisition asked for \(there are: AX_ELLIPSOIDS, AX_SHEPP_LOGAN\)"
    ):
        fastmri(acquisition=["AXT2"]).setup("test")


def test_a_part_of_the_training_volumes_is_sampled(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path
) -> None:
    def names(rate: float, split: str) -> list[str]:
        data = fastmri(volume_sample_rate=rate, fractions=(0.8, 0, 0.2))
        return [volume.name for volume in data.dataset(split).volumes]

    assert len(names(0.5, "train")) == 4
    assert set(names(0.25, "train")) < set(names(0.5, "train")) < set(names(1.0, "train"))
    assert names(0.5, "test") == names(1.0, "test")
    assert len(names(1e-9, "train")) == 1


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loaders_cover_each_item_once_in_any_number_of_processes(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path, num_workers: int
) -> None:
    data = fastmri(batch_size=4, num_workers=num_workers, fractions=(0.6, 0.2, 0.2))
    before = torch.get_rng_state()
    for split, loader in (
        ("train", data.train_dataloader()),
        ("val", data.val_dataloader()),
        ("test", data.test_dataloader()),
        ("test", data.predict_dataloader()),
    ):
        items = {item["id"]: item for item in data.dataset(split)}  # handles are open when processes begin
        seen = []
        for batch in loader:
            for i, id in enumerate(batch["id"]):
                seen.append(id)
                assert torch.equal(batch["x"][i], items[id]["x"])
                assert torch.equal(batch["kspace"][i], items[id]["kspace"])
        assert sorted(seen) == sorted(items)
        assert split == "train" or seen == list(items)
    assert torch.equal(torch.get_rng_state(), before)


def test_training_order_follows_seed_and_epoch_and_goes_on_in_mid_epoch(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path
) -> None:
    def epochs(seed: int) -> list[list[str]]:
        loader = fastmri(fractions=(1, 0, 0), seed=seed, batch_size=4).train_dataloader()
        return [[id for batch in loader for id in batch["id"]] for _ in range(2)]

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1]
    assert epochs(0)[0] != epochs(1)[0]
    first, second = (fastmri(fractions=(1, 0, 0), batch_size=4).train_dataloader() for _ in range(2))
    assert isinstance(first, ResumableLoader)
    given = iter(first)
    begin = [id for _ in range(3) for id in next(given)["id"]]
    second.load_state_dict(first.state_dict())
    assert begin + [id for batch in second for id in batch["id"]] == epochs(0)[0]


@pytest.mark.parametrize("fractions", [(0.5, 0.2, 0.3), (0.7, 0.0, 0.3)])
def test_a_trainer_runs_with_and_without_validation(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path, fractions: Any
) -> None:
    data, model = fastmri(fractions=fractions, batch_size=2), CountingModel()
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", enable_checkpointing=False, num_sanity_val_steps=0, **quiet)
    trainer.fit(model, data)
    trainer.predict(model, data)
    assert list(model.n_items.values()) == [3 * round(10 * part) for part in fractions]


def test_setup_looks_into_the_files_of_its_stage_alone(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path
) -> None:
    data = fastmri(fractions=(0.5, 0.3, 0.2))
    (ten_volumes / data.dataset("test").volumes[0].name).write_bytes(b"damaged")
    data = fastmri(fractions=(0.5, 0.3, 0.2))
    for stage in ("fit", "validate", "predict", None):
        data.setup(stage)
    with pytest.raises(ValueError, match="can not be read"):
        data.setup("test")


def test_files_are_listed_and_indexed_once(fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path) -> None:
    data = fastmri()
    for stage in ("test", "test", "predict", None):
        data.setup(stage)
        (ten_volumes / "volume_009.h5").unlink(missing_ok=True)
    assert len(data.dataset("test")) == 30


def test_a_root_that_holds_nothing_is_an_error_of_setup(
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path
) -> None:
    data = fastmri()
    data.prepare_data()
    with pytest.raises(FileNotFoundError, match=f"the folder {tmp_path}/set does not exist: set root"):
        data.setup("predict")
    (tmp_path / "set").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"set and the folders for multicoil below it hold no file ending in \.h5"
    ):
        fastmri().setup("fit")
    (tmp_path / "set" / "a.h5").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a\.h5 is a file: set root to the folder"):
        fastmri(root=tmp_path / "set" / "a.h5").setup("fit")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"challenge": "knee"}, "challenge is 'knee', expected 'multicoil' or 'singlecoil'"),
        ({"damaged": "ignore"}, "damaged is 'ignore', expected 'refuse' or 'skip'"),
        ({"fractions": (0.5, 0.5, 0.5)}, "fractions is .*, expected three numbers >= 0 with sum 1"),
        ({"fractions": (1.5, -0.5, 0.0)}, "fractions is "),
        ({"fractions": (math.nan, 0.5, 0.5)}, "fractions is "),
        ({"fractions": (1.0, 0.0)}, "fractions is "),
        ({"volume_sample_rate": 0.0}, "volume_sample_rate is 0.0, expected a number above 0, at most 1"),
        ({"volume_sample_rate": math.nan}, "volume_sample_rate is nan"),
        ({"slices": 0.0}, "slices is 0.0, expected a fraction above 0, at most 1, or two numbers"),
        ({"slices": (3, 3)}, r"slices is \(3, 3\), expected"),
        ({"slices": (-1, 3)}, r"slices is \(-1, 3\), expected"),
        ({"slices": (1, 2, 3)}, r"slices is \(1, 2, 3\), expected"),
        ({"batch_size": 0}, "batch_size is 0 .*, expected at least 1"),
        ({"num_workers": -1}, "num_workers -1, expected at least 1 and at least 0"),
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FastMRIDataModule("nowhere", **arguments)


def test_unknown_splits_and_items_are_refused() -> None:
    with pytest.raises(ValueError, match="'valid', expected one of train, val, test"):
        FastMRIDataModule().dataset("valid")
    for index in (-1, 16):
        with pytest.raises(IndexError, match=f"index {index} is outside of a split of 16 slices"):
            FastMRIDataModule().dataset("test")[index]


@pytest.mark.parametrize(
    ("text", "slices"), [("0.5", 0.5), ("1", 1.0), ("[1, 3]", (1, 3))], ids=["fraction", "all", "range"]
)
def test_the_command_line_gives_a_fraction_or_a_range(text: str, slices: Any) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(pl.LightningDataModule, "data")
    arguments = ["--data", "datamodules.FastMRIDataModule", "--data.slices", text, "--data.acquisition", "[AXT1, AXT2]"]
    data = parser.instantiate(parser.parse_args(arguments)).data
    assert data.slices == slices
    assert data.acquisition == ("AXT1", "AXT2")
    assert data.root is None


def test_a_seed_belongs_to_the_file_name_alone() -> None:
    assert volume_seed("multicoil_val/file1.h5") == volume_seed("file1.h5") != volume_seed("file2.h5")
    assert volume_seed("file1.h5") == 8958340025836943783
    assert 0 <= volume_seed("a") < 2**63
