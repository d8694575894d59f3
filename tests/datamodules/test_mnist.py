"""The original MNIST files: found, read, split, and refused when damaged."""

import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision

from datamodules import MNISTDataModule

TEST_GZ = "t10k-images-idx3-ubyte.gz"


def test_real_mnist_is_read_pixel_by_pixel(shared_data: Callable[[str], Path]) -> None:
    data = MNISTDataModule(shared_data("mnist"))
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [55_000, 5_000, 10_000]
    raw = {
        name: gzip.decompress((data.root / "MNIST" / "raw" / f"{name}.gz").read_bytes())
        for name in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    }
    first = data.dataset("test")[0]
    assert first["id"] == "test/0"
    assert raw["t10k-labels-idx1-ubyte"][8] == 7
    assert (first["x"] * 255).sum().round() == sum(raw["t10k-images-idx3-ubyte"][16 : 16 + 784]) == 18454
    val = data.dataset("val")[3]
    start = 16 + 55_003 * 784
    expected = np.frombuffer(raw["train-images-idx3-ubyte"], np.uint8, 784, start).reshape(1, 28, 28)
    assert val["id"] == "val/3"
    np.testing.assert_array_equal((val["x"] * 255).round().numpy(), expected)


def test_pixels_and_ids_of_the_three_splits(mnist_root: Path) -> None:
    data = MNISTDataModule(mnist_root, val_size=5)
    train, test = (
        np.frombuffer(gzip.decompress((mnist_root / name).read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)
        / np.float32(255)
        for name in ("train-images-idx3-ubyte.gz", TEST_GZ)
    )
    for split, expected in (("train", train[:15]), ("val", train[15:]), ("test", test)):
        items = [data.dataset(split)[i] for i in range(len(data.dataset(split)))]
        np.testing.assert_array_equal([item["x"][0].numpy() for item in items], expected)
        assert [item["id"] for item in items] == [f"{split}/{i}" for i in range(len(expected))]


@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("zipped", [True, False])
def test_files_are_found_in_three_places_zipped_or_not(
    mnist_root: Path, tmp_path: Path, place: str, zipped: bool
) -> None:
    folder = tmp_path / "elsewhere" / place
    folder.mkdir(parents=True)
    for file in mnist_root.iterdir():
        target = folder / (file.name if zipped else file.stem)
        target.write_bytes(file.read_bytes() if zipped else gzip.decompress(file.read_bytes()))
    assert len(MNISTDataModule(tmp_path / "elsewhere", val_size=5).dataset("test")) == 10


def test_a_missing_set_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        MNISTDataModule(tmp_path).setup()
    message = str(error.value)
    for place in (tmp_path, tmp_path / "raw", tmp_path / "MNIST" / "raw"):
        assert str(place) in message
    for word in ("train-images-idx3-ubyte.gz", "root", "download"):
        assert word in message
    assert "\n" not in message


def test_a_missing_test_file_is_named(mnist_root: Path) -> None:
    (mnist_root / TEST_GZ).unlink()
    with pytest.raises(FileNotFoundError, match=TEST_GZ):
        MNISTDataModule(mnist_root, val_size=5).setup()


def truncated(good: bytes) -> bytes:
    return good[: len(good) // 2]


def flipped(good: bytes) -> bytes:
    middle = len(good) // 2
    return good[:middle] + bytes(255 - byte for byte in good[middle : middle + 64]) + good[middle + 64 :]


def with_header(*numbers: int) -> Callable[[bytes], bytes]:
    return lambda good: gzip.compress(struct.pack(">4I", *numbers) + gzip.decompress(good)[16:])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncated, "truncated or corrupt, expected a gzip file"),
        (flipped, "truncated or corrupt, expected a gzip file"),
        (lambda good: b"<html>not found</html>", "truncated or corrupt, expected a gzip file"),
        (lambda good: b"", "holds 0 bytes"),
        (lambda good: gzip.compress(b"short"), "holds 5 bytes"),
        (with_header(2049, 10, 28, 28), "begins with the number 2049, expected 2051"),
        (with_header(2051, 11, 28, 28), "has 7840 bytes of pixels, expected 8624 for its 11 images"),
        (with_header(2051, 10, 14, 56), "images of 14 x 56, expected the 28 x 28"),
    ],
)
def test_a_damaged_file_is_named(mnist_root: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    path = mnist_root / TEST_GZ
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=message) as error:
        MNISTDataModule(mnist_root, val_size=5).setup()
    assert str(path) in str(error.value)


def test_without_validation_images_all_are_for_training(mnist_root: Path) -> None:
    data = MNISTDataModule(mnist_root, val_size=0)
    assert len(data.dataset("train")) == 20
    with pytest.raises(ValueError, match="MNISTDataModule has no val images"):
        data.dataset("val")


def test_val_size_must_leave_training_images(mnist_root: Path) -> None:
    with pytest.raises(ValueError, match=r"val_size is 20, but .* holds 20 images"):
        MNISTDataModule(mnist_root, val_size=20).setup()
    with pytest.raises(ValueError, match="val_size is -1, expected 0 or more"):
        MNISTDataModule(mnist_root, val_size=-1)


class FakeDownload:
    """Stands for torchvision's MNIST: copies the small set, or fails as without a network."""

    def __init__(self, source: Path | None) -> None:
        self.source = source
        self.n_calls = 0

    def __call__(self, root: Any, download: bool) -> None:
        self.n_calls += 1
        if self.source is None:
            raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")
        shutil.copytree(self.source, Path(root) / "MNIST" / "raw")


def test_a_download_happens_only_when_asked_for_and_needed(
    mnist_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeDownload(mnist_root)
    monkeypatch.setattr(torchvision.datasets, "MNIST", fake)
    MNISTDataModule(tmp_path / "new").prepare_data()
    assert fake.n_calls == 0
    data = MNISTDataModule(tmp_path / "new", download=True, val_size=5)
    data.prepare_data()
    data.prepare_data()
    assert fake.n_calls == 1
    assert len(data.dataset("test")) == 10


def test_no_process_meets_half_of_the_download_of_another(
    mnist_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = (MNISTDataModule(tmp_path / "new", download=True, val_size=5) for _ in range(2))
    whole = FakeDownload(mnist_root)

    def download(root: Any, download: bool) -> None:
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for file in mnist_root.iterdir():
            (raw / file.name).write_bytes(truncated(file.read_bytes()))
        monkeypatch.setattr(torchvision.datasets, "MNIST", whole)
        other.prepare_data()
        assert len(other.dataset("test")) == 10
        shutil.copytree(mnist_root, raw, dirs_exist_ok=True)

    monkeypatch.setattr(torchvision.datasets, "MNIST", download)
    first.prepare_data()
    assert len(first.dataset("test")) == 10
    names = {path.name for path in (tmp_path / "new" / "MNIST" / "raw").iterdir()}
    assert names == {path.name for path in mnist_root.iterdir()}


def test_a_failed_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision.datasets, "MNIST", FakeDownload(None))
    with pytest.raises(
        FileNotFoundError, match=r"could not be downloaded \(Error downloading .* into " + str(tmp_path)
    ):
        MNISTDataModule(tmp_path, download=True).prepare_data()
