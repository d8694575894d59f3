"""What the slices of fastMRI are: items, splits, selection, loaders."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from jsonargparse import ArgumentParser
from torch import nn

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, volume_seed, write_synthetic
from datamodules.loader import ResumableLoader

SMALL = SyntheticVolumes(n_slices=3, n_coils=2, shape=(20, 13), crop=(10, 9))
SINGLE = SyntheticVolumes(n_slices=3, n_coils=None, shape=(20, 13), crop=(10, 9))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., FastMRIDataModule]:
    """The data module on tmp_path/set."""
    return lambda **arguments: FastMRIDataModule(**{"root": tmp_path / "set", "cache": tmp_path / "cache", **arguments})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten volumes of three slices."""
    write_synthetic(tmp_path / "set", 10, SMALL)
    return tmp_path / "set"


def ids(data: FastMRIDataModule, split: str = "test") -> list[str]:
    items = data.dataset(split)
    return [items[i]["id"] for i in range(len(items))]


def numpy_rss(kspace: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """In double precision, by NumPy."""
    axes = (-2, -1)
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes), norm="ortho"), axes)
    (height, width), (h, w) = image.shape[-2:], size
    top, left = (height - h) // 2, (width - w) // 2
    return np.sqrt((np.abs(image[..., top : top + h, left : left + w]) ** 2).sum(-3))


@pytest.mark.parametrize("challenge", ["multicoil", "singlecoil"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_without_a_root_there_are_drawn_slices(challenge: Any, split: str) -> None:
    data = FastMRIDataModule(challenge=challenge)
    data.setup("fit")
    items = data.dataset(split)
    assert len(items) == 4 * {"train": 12, "val": 4, "test": 4}[split]
    item = items[5]
    assert set(item) == {"x", "kspace", "id", "volume", "maximum"}
    assert item["x"].shape == data.item_shape == (1, 96, 96)
    assert item["x"].dtype == torch.float32
    assert item["kspace"].shape == (4 if challenge == "multicoil" else 1, 96, 96)
    assert item["kspace"].dtype == torch.complex64
    assert item["id"].startswith(f"{challenge}_{split}/volume_0")
    assert item["id"] == item["volume"] + ":1"
    assert item["maximum"].dtype == torch.float64
    assert item["maximum"] == max(float(items[i]["x"].max()) for i in range(4, 8))
    assert data.value_range is None


def test_drawn_slices_are_those_that_a_folder_of_drawn_files_gives(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "multicoil_test", 4, first=16)
    drawn, read = FastMRIDataModule(), FastMRIDataModule(tmp_path, cache=tmp_path / "cache")
    assert drawn.dataset("test").volumes == read.dataset("test").volumes
    for a, b in zip(drawn.dataset("test"), read.dataset("test"), strict=True):
        assert a["id"] == b["id"]
        for key in ("x", "kspace", "maximum"):
            assert torch.equal(a[key], b[key])


@pytest.mark.parametrize("challenge", ["multicoil", "singlecoil"])
def test_real_slices_show_what_is_stored(shared_data: Callable[[str], Path], tmp_path: Path, challenge: Any) -> None:
    """Coils combined are the stored reference to 1e-5, by our transform and by NumPy's in double precision."""
    root = shared_data("fastmri")
    write = {"multicoil": ("multicoil/espirit_brain_8ch.h5", "multicoil/sense_tutorial_brain_16ch.h5")}
    items = FastMRIDataModule(root, challenge, cache=tmp_path).dataset("test")
    assert [volume.name for volume in items.volumes] == list(write.get(challenge, ["singlecoil/espirit_brain_esc.h5"]))
    for item in items:
        with h5py.File(root / item["volume"]) as file:
            key = "reconstruction_rss" if challenge == "multicoil" else "reconstruction_esc"
            np.testing.assert_array_equal(item["x"][0].numpy(), file[key][0])
            np.testing.assert_array_equal(item["kspace"].numpy().squeeze(), file["kspace"][0])
        found = numpy_rss(item["kspace"].numpy().astype(np.complex128), tuple(item["x"].shape[1:]))
        assert np.linalg.norm(found - item["x"][0].numpy()) <= 1e-5 * np.linalg.norm(found)
        assert item["maximum"] == item["x"].max()


@pytest.mark.parametrize("name", ["multicoil/espirit_brain_8ch.h5", "singlecoil/espirit_brain_esc.h5"])
def test_a_reference_that_is_not_stored_is_computed_as_real_ones_were(
    shared_data: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    challenge, file_name = name.split("/")
    content = (shared_data("fastmri") / name).read_bytes()
    (tmp_path / file_name).write_bytes(content)
    key = "reconstruction_rss" if challenge == "multicoil" else "reconstruction_esc"
    with h5py.File(tmp_path / file_name, "r+") as file:
        stored, maximum = torch.from_numpy(file[key][0]), file.attrs["max"]
        del file[key], file.attrs["max"]
    item = FastMRIDataModule(tmp_path, challenge, cache=tmp_path / "cache").dataset("test")[0]
    assert (item["x"][0] - stored).norm() <= 1e-5 * stored.norm()
    assert item["maximum"].item() == pytest.approx(maximum, rel=1e-5)


@pytest.mark.parametrize("law", [SMALL, SINGLE], ids=["multicoil", "singlecoil"])
def test_a_computed_reference_is_cropped_as_stored_ones_are(
    make: Callable[..., FastMRIDataModule], tmp_path: Path, law: SyntheticVolumes
) -> None:
    challenge = "multicoil" if law.n_coils else "singlecoil"
    write_synthetic(tmp_path / "set", 2, law)
    stored = [item["x"] for item in make(challenge=challenge).dataset("test")]
    for path in (tmp_path / "set").iterdir():
        with h5py.File(path, "r+") as file:
            del file["reconstruction_rss" if law.n_coils else "reconstruction_esc"], file.attrs["max"]
    computed = make(challenge=challenge).dataset("test")
    assert [volume.reference for volume in computed.volumes] == [None, None]
    for x, item in zip(stored, computed, strict=True):
        torch.testing.assert_close(item["x"], x, rtol=1e-5, atol=1e-7)
        expected = numpy_rss(item["kspace"].numpy(), (10, 9))
        np.testing.assert_allclose(item["x"][0].numpy(), expected, rtol=1e-4, atol=1e-6)
    assert computed[0]["maximum"].item() == pytest.approx(max(float(x.max()) for x in stored[:3]), rel=1e-6)


@pytest.mark.parametrize(("recon", "size"), [((10, 9), (10, 9)), ((16, 16), (13, 13)), ((30, 14), (20, 13))])
def test_a_computed_reference_has_the_size_of_the_header_as_far_as_kspace_reaches(
    make: Callable[..., FastMRIDataModule], tmp_path: Path, recon: tuple[int, int], size: tuple[int, int]
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    with h5py.File(path, "r+") as file:
        xml = (
            file["ismrmrd_header"][()].decode().replace("<x>10<", f"<x>{recon[0]}<").replace("<y>9<", f"<y>{recon[1]}<")
        )
        del file["reconstruction_rss"], file["ismrmrd_header"]
        file["ismrmrd_header"] = xml
    data = make()
    assert data.item_shape == data.dataset("test")[0]["x"].shape == (1, *size)
    assert data.dataset("test").volumes[0].recon == (*recon, 1)


def test_columns_that_a_scanner_left_out_at_both_ends_do_not_count_as_undersampling(
    make: Callable[..., FastMRIDataModule], tmp_path: Path
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    with h5py.File(path, "r+") as file:
        del file["reconstruction_rss"]
        file["kspace"][..., :2] = 0
        file["kspace"][..., -1:] = 0
    assert make().dataset("test")[0]["x"].shape == (1, 10, 9)


def test_the_index_tells_of_each_volume(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    volume = make().dataset("test").volumes[3]
    assert (volume.name, volume.n_slices, volume.n_coils) == ("volume_003.h5", 3, 2)
    assert (volume.shape, volume.size, volume.encoded, volume.recon) == ((20, 13), (10, 9), (20, 13, 1), (10, 9, 1))
    assert (volume.acquisition, volume.patient_id) == ("AX_ELLIPSOIDS", "synthetic_3")
    with h5py.File(root / volume.name) as file:
        assert (volume.maximum, volume.norm) == (file.attrs["max"], file.attrs["norm"])


def test_volumes_in_double_precision_and_other_byte_order_are_read(
    make: Callable[..., FastMRIDataModule], tmp_path: Path
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    expected = make().dataset("test")[1]
    with h5py.File(path, "r+") as file:
        kspace, reference = file["kspace"][()].astype(">c16"), file["reconstruction_rss"][()].astype(">f8")
        del file["kspace"], file["reconstruction_rss"]
        file["kspace"], file["reconstruction_rss"] = kspace, reference
    found = make().dataset("test")[1]
    assert found["kspace"].dtype == torch.complex64
    assert torch.equal(found["kspace"], expected["kspace"])
    assert torch.equal(found["x"], expected["x"])


def test_volumes_differ_in_size_and_a_batch_says_so(make: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set", 1, SMALL)
    write_synthetic(tmp_path / "set", 1, SyntheticVolumes(2, 3, (12, 18)), first=1)
    assert [batch["x"].shape[2:] for batch in make().test_dataloader()] == [(10, 9)] * 3 + [(12, 18)] * 2
    with pytest.raises(ValueError, match=r"volume_000.h5:0 .* volume_001.h5:0 .*: set batch_size to 1"):
        list(make(batch_size=5).test_dataloader())


def test_splits_share_no_volume(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    data = make(fractions=(0.6, 0.2, 0.2))
    volumes = {split: [v.name for v in data.dataset(split).volumes] for split in ("train", "val", "test")}
    assert [len(names) for names in volumes.values()] == [6, 2, 2]
    assert sorted(name for names in volumes.values() for name in names) == sorted(path.name for path in root.iterdir())
    assert all(names == sorted(names) for names in volumes.values())
    assert {id.split(":")[0] for id in ids(data, "train")} == set(volumes["train"])
    assert volumes == {
        split: [v.name for v in make(fractions=(0.6, 0.2, 0.2)).dataset(split).volumes] for split in volumes
    }


def test_published_folders_are_the_splits(make: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    for first, split in enumerate(("train", "val")):
        write_synthetic(tmp_path / "set" / f"multicoil_{split}", 1, SMALL, first)
        write_synthetic(tmp_path / "set" / f"singlecoil_{split}", 1, SINGLE, first)
    for challenge in ("multicoil", "singlecoil"):
        data = make(challenge=challenge)
        assert ids(data, "train")[0] == f"{challenge}_train/volume_000.h5:0"
        assert ids(data, "val")[0] == f"{challenge}_val/volume_001.h5:0"
        with pytest.raises(ValueError, match="no test slices: its arguments leave 0 files"):
            data.dataset("test")


def test_a_folder_of_the_challenge_is_preferred(make: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set" / "multicoil", 1, SMALL)
    write_synthetic(tmp_path / "set" / "singlecoil", 1, SINGLE)
    (tmp_path / "set" / "multicoil" / ".volume.h5").write_bytes(b"hidden")
    assert ids(make())[0] == "multicoil/volume_000.h5:0"
    assert ids(make(challenge="singlecoil"))[0] == "singlecoil/volume_000.h5:0"


def test_undersampled_files_are_for_prediction(make: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    columns = [0, 4, 6, 7, 12]
    write_synthetic(tmp_path / "set" / "multicoil_train", 1, SMALL)
    write_synthetic(tmp_path / "set" / "multicoil_test", 1, SMALL, first=1, columns=columns)
    data = make()
    data.setup("fit")
    data.setup("predict")
    with pytest.raises(ValueError, match=r"keeps 5 of 13 columns.*: set require_targets to false to predict from it"):
        data.dataset("test")
    (batch, *_) = make(require_targets=False).predict_dataloader()
    assert set(batch) == {"id", "volume", "kspace", "mask", "size"}
    assert batch["mask"].shape == (1, 20, 13)
    assert batch["mask"][0, 0].nonzero().squeeze(1).tolist() == columns
    assert batch["mask"].dtype == torch.bool
    assert batch["size"].tolist() == [[10, 9]]
    full = SMALL.draw(1).kspace[0]
    assert torch.equal(batch["kspace"][0], full * batch["mask"])


def test_a_mask_that_keeps_all_columns_changes_nothing(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    with h5py.File(root / "volume_003.h5", "r+") as file:
        file["mask"] = np.ones(13, dtype=np.float32)
    assert set(make().dataset("test")[9]) == {"x", "kspace", "id", "volume", "maximum"}


def test_an_undersampled_file_with_a_reference_gives_both(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    with h5py.File(root / "volume_000.h5", "r+") as file:
        file["mask"] = np.arange(13) % 2 == 0
    item = make(require_targets=False).dataset("test")[0]
    assert set(item) == {"x", "kspace", "mask", "id", "volume", "maximum"}


@pytest.mark.parametrize(
    ("slices", "expected"),
    [(1.0, [0, 1, 2, 3, 4]), (0.6, [1, 2, 3]), (0.01, [2]), ((1, 3), [1, 2]), ((3, 99), [3, 4])],
)
def test_slices_are_taken_from_the_middle_or_by_number(
    make: Callable[..., FastMRIDataModule], tmp_path: Path, slices: Any, expected: list[int]
) -> None:
    write_synthetic(tmp_path / "set", 2, SyntheticVolumes(5, 1, (8, 8)))
    assert [int(id.split(":")[1]) for id in ids(make(slices=slices))] == 2 * expected


def test_acquisitions_are_selected(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    data = make(acquisition=["AX_ELLIPSOIDS"])
    assert {id.split(":")[0] for id in ids(data)} == {f"volume_00{i}.h5" for i in (1, 3, 5, 7, 9)}
    with pytest.raises(
        ValueError, match=r"0 of the acquisition asked for \(there are: AX_ELLIPSOIDS, AX_SHEPP_LOGAN\)"
    ):
        make(acquisition=["AXT2"]).setup("test")


def test_a_part_of_the_training_volumes_is_sampled(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    def names(rate: float, split: str) -> list[str]:
        data = make(volume_sample_rate=rate, fractions=(0.8, 0, 0.2))
        return [volume.name for volume in data.dataset(split).volumes]

    assert len(names(0.5, "train")) == 4
    assert set(names(0.25, "train")) < set(names(0.5, "train")) < set(names(1.0, "train"))
    assert names(0.5, "test") == names(1.0, "test")
    assert len(names(1e-9, "train")) == 1


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loaders_cover_each_item_once_in_any_number_of_processes(
    make: Callable[..., FastMRIDataModule], root: Path, num_workers: int
) -> None:
    data = make(batch_size=4, num_workers=num_workers, fractions=(0.6, 0.2, 0.2))
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
    make: Callable[..., FastMRIDataModule], root: Path
) -> None:
    def epochs(seed: int) -> list[list[str]]:
        loader = make(fractions=(1, 0, 0), seed=seed, batch_size=4).train_dataloader()
        return [[id for batch in loader for id in batch["id"]] for _ in range(2)]

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1]
    assert epochs(0)[0] != epochs(1)[0]
    first, second = (make(fractions=(1, 0, 0), batch_size=4).train_dataloader() for _ in range(2))
    assert isinstance(first, ResumableLoader)
    given = iter(first)
    begin = [id for _ in range(3) for id in next(given)["id"]]
    second.load_state_dict(first.state_dict())
    assert begin + [id for batch in second for id in batch["id"]] == epochs(0)[0]


class Mean(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(()))
        self.n_items = {"train": 0, "val": 0, "predict": 0}

    def training_step(self, batch: dict[str, Any]) -> torch.Tensor:
        self.n_items["train"] += len(batch["id"])
        return ((batch["x"] - self.mean) ** 2).mean()

    def validation_step(self, batch: dict[str, Any]) -> None:
        self.n_items["val"] += len(batch["id"])

    def predict_step(self, batch: dict[str, Any]) -> None:
        self.n_items["predict"] += len(batch["id"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.parametrize("fractions", [(0.5, 0.2, 0.3), (0.7, 0.0, 0.3)])
def test_a_trainer_runs_with_and_without_validation(
    make: Callable[..., FastMRIDataModule], root: Path, fractions: Any
) -> None:
    data, model = make(fractions=fractions, batch_size=2), Mean()
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", enable_checkpointing=False, num_sanity_val_steps=0, **quiet)
    trainer.fit(model, data)
    trainer.predict(model, data)
    assert list(model.n_items.values()) == [3 * round(10 * part) for part in fractions]


def test_setup_looks_into_the_files_of_its_stage_alone(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    data = make(fractions=(0.5, 0.3, 0.2))
    (root / data.dataset("test").volumes[0].name).write_bytes(b"damaged")
    data = make(fractions=(0.5, 0.3, 0.2))
    for stage in ("fit", "validate", "predict", None):
        data.setup(stage)
    with pytest.raises(ValueError, match="can not be read"):
        data.setup("test")


def test_files_are_listed_and_indexed_once(make: Callable[..., FastMRIDataModule], root: Path) -> None:
    data = make()
    for stage in ("test", "test", "predict", None):
        data.setup(stage)
        (root / "volume_009.h5").unlink(missing_ok=True)
    assert len(data.dataset("test")) == 30


def test_a_root_that_holds_nothing_is_an_error_of_setup(make: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    data = make()
    data.prepare_data()
    with pytest.raises(FileNotFoundError, match=f"the folder {tmp_path}/set does not exist: set root"):
        data.setup("predict")
    (tmp_path / "set").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"set and the folders for multicoil below it hold no file ending in \.h5"
    ):
        make().setup("fit")
    (tmp_path / "set" / "a.h5").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a\.h5 is a file: set root to the folder"):
        make(root=tmp_path / "set" / "a.h5").setup("fit")


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
