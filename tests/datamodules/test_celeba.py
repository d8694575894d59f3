from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from datamodules import CelebADataModule

WriteImage = Callable[..., np.ndarray]


@pytest.fixture
def root(tmp_path: Path, write_image: WriteImage) -> Path:
    """Ten faces of the original size, without lists."""
    for i in range(1, 11):
        write_image(tmp_path / "celeba" / "img_align_celeba" / f"{i:06d}.jpg", (218, 178, 3), seed=i)
    return tmp_path / "celeba"


def names(root: Path, split: str, **settings: Any) -> list[str]:
    images = CelebADataModule(root, **settings).dataset(split)
    return [images[i]["id"] for i in range(len(images))]


def test_prepares_as_csgm_does(root: Path) -> None:
    data = CelebADataModule(root, fractions=(0.0, 0.0, 1.0), value_range=(-1.0, 1.0))
    item = data.dataset("test")[4]
    with Image.open(root / "img_align_celeba" / "000005.jpg") as image:
        expected = np.asarray(image.crop((35, 55, 143, 163)).resize((64, 64), Image.Resampling.BILINEAR))
    assert item["id"] == "000005.jpg"
    assert data.item_shape == item["x"].shape == (3, 64, 64)
    torch.testing.assert_close(item["x"], torch.from_numpy(expected / 127.5 - 1).float().permute(2, 0, 1))


def test_the_official_partition_deals_the_images(root: Path) -> None:
    lines = [f"{i:06d}.jpg {0 if i < 6 else 1 if i < 9 else 2}" for i in range(1, 13)]
    (root / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
    for folder in (root, root / "img_align_celeba"):  # the list lies in root, or beside the images
        assert names(folder, "train") == [f"{i:06d}.jpg" for i in range(1, 6)]
        assert names(folder, "val") == ["000006.jpg", "000007.jpg", "000008.jpg"]
        assert names(folder, "test") == ["000009.jpg", "000010.jpg"]


def test_without_it_a_hash_does(root: Path) -> None:
    parts = [names(root, split, fractions=(0.6, 0.2, 0.2)) for split in ("train", "val", "test")]
    assert [len(part) for part in parts] == [6, 2, 2]
    assert sorted(name for part in parts for name in part) == [f"{i:06d}.jpg" for i in range(1, 11)]


def test_attributes_select_faces(root: Path) -> None:
    lines = [f"{i:06d}.jpg  {1 if i % 2 else -1} {1 if i < 6 else -1}" for i in range(1, 11)]
    (root / "list_attr_celeba.txt").write_text("\n".join(["10", "Eyeglasses Male", *lines]))
    everything = (0.0, 0.0, 1.0)
    assert names(root, "test", where={"Eyeglasses": True, "Male": False}, fractions=everything) == [
        "000007.jpg",
        "000009.jpg",
    ]
    assert len(names(root, "test", fractions=everything)) == 10
    with pytest.raises(ValueError, match="asks for 'Hat', expected attributes .*Eyeglasses, Male"):
        names(root, "test", where={"Hat": True})


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("list_eval_partition.txt", "000001.jpg 0", "no line for 9 of 10 images, first 000002.jpg"),
        ("list_eval_partition.txt", "\n".join(f"{i:06d}.jpg 3" for i in range(1, 11)), "says '3' of 000001.jpg"),
        ("list_attr_celeba.txt", "", "asks for 'Male'"),
    ],
)
def test_damaged_lists_are_refused(root: Path, file: str, content: str, message: str) -> None:
    (root / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        names(root, "test", where={"Male": True} if "attr" in file else None)


def test_missing_files_are_named(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"list_attr_celeba\.txt is neither"):
        names(root, "test", where={"Male": True})
    with pytest.raises(FileNotFoundError, match="does not exist"):
        names(root / "gone", "test")


def test_real_faces_are_read(shared_data: Callable[[str], Path]) -> None:
    data = CelebADataModule(shared_data("celeba"), crop=54)
    assert len(data.dataset("train")) == 4000
    assert data.dataset("test")[0]["x"].shape == (3, 64, 64)
    assert len(CelebADataModule(shared_data("celeba/csgm_test"), fractions=(0.0, 0.0, 1.0)).dataset("test")) == 64
