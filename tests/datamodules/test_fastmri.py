"""What the slices of fastMRI are: k-space, references, and the index of their volumes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from fastmri_files import SINGLE, SMALL

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, write_synthetic


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
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path, law: SyntheticVolumes
) -> None:
    challenge = "multicoil" if law.n_coils else "singlecoil"
    write_synthetic(tmp_path / "set", 2, law)
    stored = [item["x"] for item in fastmri(challenge=challenge).dataset("test")]
    for path in (tmp_path / "set").iterdir():
        with h5py.File(path, "r+") as file:
            del file["reconstruction_rss" if law.n_coils else "reconstruction_esc"], file.attrs["max"]
    computed = fastmri(challenge=challenge).dataset("test")
    assert [volume.reference for volume in computed.volumes] == [None, None]
    for x, item in zip(stored, computed, strict=True):
        torch.testing.assert_close(item["x"], x, rtol=1e-5, atol=1e-7)
        expected = numpy_rss(item["kspace"].numpy(), (10, 9))
        np.testing.assert_allclose(item["x"][0].numpy(), expected, rtol=1e-4, atol=1e-6)
    assert computed[0]["maximum"].item() == pytest.approx(max(float(x.max()) for x in stored[:3]), rel=1e-6)


@pytest.mark.parametrize(("recon", "size"), [((10, 9), (10, 9)), ((16, 16), (13, 13)), ((30, 14), (20, 13))])
def test_a_computed_reference_has_the_size_of_the_header_as_far_as_kspace_reaches(
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path, recon: tuple[int, int], size: tuple[int, int]
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    with h5py.File(path, "r+") as file:
        xml = (
            file["ismrmrd_header"][()].decode().replace("<x>10<", f"<x>{recon[0]}<").replace("<y>9<", f"<y>{recon[1]}<")
        )
        del file["reconstruction_rss"], file["ismrmrd_header"]
        file["ismrmrd_header"] = xml
    data = fastmri()
    assert data.item_shape == data.dataset("test")[0]["x"].shape == (1, *size)
    assert data.dataset("test").volumes[0].recon == (*recon, 1)


def test_columns_that_a_scanner_left_out_at_both_ends_do_not_count_as_undersampling(
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    with h5py.File(path, "r+") as file:
        del file["reconstruction_rss"]
        file["kspace"][..., :2] = 0
        file["kspace"][..., -1:] = 0
    assert fastmri().dataset("test")[0]["x"].shape == (1, 10, 9)


def test_the_index_tells_of_each_volume(fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path) -> None:
    volume = fastmri().dataset("test").volumes[3]
    assert (volume.name, volume.n_slices, volume.n_coils) == ("volume_003.h5", 3, 2)
    assert (volume.shape, volume.size, volume.encoded, volume.recon) == ((20, 13), (10, 9), (20, 13, 1), (10, 9, 1))
    assert (volume.acquisition, volume.patient_id) == ("AX_ELLIPSOIDS", "synthetic_3")
    with h5py.File(ten_volumes / volume.name) as file:
        assert (volume.maximum, volume.norm) == (file.attrs["max"], file.attrs["norm"])


def test_volumes_in_double_precision_and_other_byte_order_are_read(
    fastmri: Callable[..., FastMRIDataModule], tmp_path: Path
) -> None:
    (path,) = write_synthetic(tmp_path / "set", 1, SMALL)
    expected = fastmri().dataset("test")[1]
    with h5py.File(path, "r+") as file:
        kspace, reference = file["kspace"][()].astype(">c16"), file["reconstruction_rss"][()].astype(">f8")
        del file["kspace"], file["reconstruction_rss"]
        file["kspace"], file["reconstruction_rss"] = kspace, reference
    found = fastmri().dataset("test")[1]
    assert found["kspace"].dtype == torch.complex64
    assert torch.equal(found["kspace"], expected["kspace"])
    assert torch.equal(found["x"], expected["x"])


def test_volumes_differ_in_size_and_a_batch_says_so(fastmri: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set", 1, SMALL)
    write_synthetic(tmp_path / "set", 1, SyntheticVolumes(2, 3, (12, 18)), first=1)
    assert [batch["x"].shape[2:] for batch in fastmri().test_dataloader()] == [(10, 9)] * 3 + [(12, 18)] * 2
    with pytest.raises(ValueError, match=r"volume_000.h5:0 .* volume_001.h5:0 .*: set batch_size to 1"):
        list(fastmri(batch_size=5).test_dataloader())


def test_undersampled_files_are_for_prediction(fastmri: Callable[..., FastMRIDataModule], tmp_path: Path) -> None:
    columns = [0, 4, 6, 7, 12]
    write_synthetic(tmp_path / "set" / "multicoil_train", 1, SMALL)
    write_synthetic(tmp_path / "set" / "multicoil_test", 1, SMALL, first=1, columns=columns)
    data = fastmri()
    data.setup("fit")
    data.setup("predict")
    with pytest.raises(
        ValueError,
        match=r"keeps 5 of 13 columns.*: take another split, or set require_targets to false to predict from it",
    ):
        data.dataset("test")
    (batch, *_) = fastmri(require_targets=False).predict_dataloader()
    assert set(batch) == {"id", "volume", "kspace", "mask", "size"}
    assert batch["mask"].shape == (1, 20, 13)
    assert batch["mask"][0, 0].nonzero().squeeze(1).tolist() == columns
    assert batch["mask"].dtype == torch.bool
    assert batch["size"].tolist() == [[10, 9]]
    full = SMALL.draw(1).kspace[0]
    assert torch.equal(batch["kspace"][0], full * batch["mask"])


def test_a_mask_that_keeps_all_columns_changes_nothing(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path
) -> None:
    with h5py.File(ten_volumes / "volume_003.h5", "r+") as file:
        file["mask"] = np.ones(13, dtype=np.float32)
    assert set(fastmri().dataset("test")[9]) == {"x", "kspace", "id", "volume", "maximum"}


def test_an_undersampled_file_with_a_reference_gives_both(
    fastmri: Callable[..., FastMRIDataModule], ten_volumes: Path
) -> None:
    with h5py.File(ten_volumes / "volume_000.h5", "r+") as file:
        file["mask"] = np.arange(13) % 2 == 0
    item = fastmri(require_targets=False).dataset("test")[0]
    assert set(item) == {"x", "kspace", "mask", "id", "volume", "maximum"}
