"""Chest X-rays: preparation and one image per patient."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torchvision import transforms

from datamodules import ChestXrayDataModule

FolderOf = Callable[[list[str]], Path]

NIH = ["00000001_000.png", "00000001_001.png", "00000002_003.png", "00000013_000.png", "00000013_021.png"]


@pytest.fixture
def folder_of(tmp_path: Path, write_image: Callable[..., Any]) -> FolderOf:
    """Makes a folder of small images with the given names."""

    def make(names: list[str]) -> Path:
        for i, name in enumerate(names):
            write_image(tmp_path / "images" / name, (8, 8), seed=i)
        return tmp_path / "images"

    return make


def ids(root: Path, metadata: Path | None = None, **arguments: str) -> list[str]:
    dataset = ChestXrayDataModule(root, metadata=metadata, crop=8, size=4, **arguments).dataset("test")
    return [dataset[i]["id"] for i in range(len(dataset))]


def test_the_first_image_of_each_patient_is_kept_where_names_tell(
    folder_of: FolderOf,
) -> None:
    assert ids(folder_of(NIH)) == ["00000001_000.png", "00000002_003.png", "00000013_000.png"]


@pytest.mark.parametrize(
    "names",
    [
        ["xray_000.png", "xray_001.png"],
        ["0000001_000.png", "0000001_001.png"],
        ["00000001_0.png", "00000001_1.png"],
        ["00000001_000a.png", "00000001_000b.png"],
        ["CHNCXR_0001_0.png", "CHNCXR_0001_1.png"],
    ],
)
def test_other_names_are_not_taken_for_patients(names: list[str], folder_of: FolderOf) -> None:
    assert ids(folder_of(names)) == names


def test_metadata_tell_the_patients(tmp_path: Path, folder_of: FolderOf) -> None:
    root = folder_of(["a.png", "b.png", "sub/c.png", "sub/d.png"])
    table = tmp_path / "patients.csv"
    table.write_text("\ufeffview,file,patient\nPA,a.png,7\nPA,b.png,8\nAP,c.png,7\nPA,sub/d.png,9\nPA,gone.png,1\n")
    assert ids(root, table) == ["a.png", "b.png", "sub/d.png"]


def test_columns_of_metadata_can_be_named(tmp_path: Path, folder_of: FolderOf) -> None:
    root = folder_of(["a.png", "b.png"])
    (tmp_path / "entries.csv").write_text("Image Index,Patient ID\na.png,1\nb.png,1\n")
    assert ids(root, tmp_path / "entries.csv", file_column="Image Index", patient_column="Patient ID") == ["a.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,patient\na.png,1\n", r"has the columns \['name', 'patient'\], expected 'file' and 'patient'"),
        (b"", r"has the columns \[\], expected"),
        (b"file,patient\na.png,1\n", "names no patient for 1 of 2 images, first b.png"),
        (b"file,patient\na.png,1\nb.png,\n", "names no patient for 1 of 2 images, first b.png"),
        (b"file,patient\na.png,1\nb.png\n", "names no patient for 1 of 2 images, first b.png"),
        (b"\xff\xfe\x00\x01", "is not a CSV table in UTF-8"),
    ],
)
def test_bad_metadata_is_refused(tmp_path: Path, content: bytes, message: str, folder_of: FolderOf) -> None:
    root = folder_of(["a.png", "b.png"])
    (tmp_path / "patients.csv").write_bytes(content)
    with pytest.raises(ValueError, match=f"patients.csv {message}"):
        ids(root, tmp_path / "patients.csv")


def test_missing_metadata_are_named(tmp_path: Path, folder_of: FolderOf) -> None:
    with pytest.raises(FileNotFoundError, match=r"metadata is .*gone.csv, which is not a file"):
        ids(folder_of(NIH), tmp_path / "gone.csv")


def test_preparation_is_that_of_cs_dip(tmp_path: Path, write_image: Callable[..., Any]) -> None:
    write_image(tmp_path / "a.png", (700, 640))
    reference = transforms.Compose([transforms.CenterCrop(512), transforms.Resize(256), transforms.ToTensor()])
    with Image.open(tmp_path / "a.png") as image:
        expected = 2 * reference(image) - 1
    data = ChestXrayDataModule(tmp_path, value_range=(-1, 1))
    assert data.item_shape == (1, 256, 256)
    assert torch.equal(data.dataset("test")[0]["x"], -1 + 2 * (expected + 1) / 2)


def test_an_image_smaller_than_the_crop_is_refused(tmp_path: Path, write_image: Callable[..., Any]) -> None:
    write_image(tmp_path / "a.png", (600, 511))
    with pytest.raises(ValueError, match=r"a.png is 600 x 511 .* smaller than the crop of 512"):
        ChestXrayDataModule(tmp_path).setup()


def test_real_x_rays(shared_data: Callable[[str], Path]) -> None:
    data = ChestXrayDataModule(shared_data("xray/dev"))
    data.setup()
    dataset = data.dataset("test")
    assert len(dataset) == 50
    assert dataset[0]["id"] == "xray_000.png"
    assert dataset[0]["x"].shape == data.item_shape == (1, 256, 256)
