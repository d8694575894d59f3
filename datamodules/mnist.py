"""MNIST from its original files."""

import gzip
import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from datamodules.arrays import ArrayImages
from datamodules.base import ImageSource, Split, SplitDataModule
from datamodules.paths import ConfigPath

TRAIN_FILE = "train-images-idx3-ubyte"
TEST_FILE = "t10k-images-idx3-ubyte"
_IDX_IMAGES = 0x0803  # the magic number of an idx file: unsigned bytes (08) in 3 dimensions


class MNISTDataModule(SplitDataModule):
    """MNIST (LeCun, Cortes, Burges): 60 000 handwritten digits to train on and 10 000 to test on, 28 x 28 grey.

    The original files are read as they are, ``train-images-idx3-ubyte`` and ``t10k-images-idx3-ubyte``, each with or
    without ``.gz``, from ``root``, ``root/raw`` or ``root/MNIST/raw``; labels are not used. An id is the split and the
    number within it; of test images that is the number in the original set.

    Args:
        root: folder to look in.
        download: fetch the set into ``root/MNIST/raw`` when it is not there.
        val_size: how many images, from the end of the 60 000, are kept for validation. 0 leaves all to train, as in
            published settings of generative priors.
        shared: the arguments of ``SplitDataModule``.

    Raises:
        ValueError: val_size is negative.
    """

    def __init__(self, root: ConfigPath, download: bool = False, val_size: int = 5000, **shared: Any) -> None:
        super().__init__(**shared)
        if val_size < 0:
            raise ValueError(f"val_size is {val_size}, expected 0 or more")
        self.root = Path(root)
        self.download = download
        self.val_size = val_size

    def prepare_data(self) -> None:
        """Downloads the set if that is asked for and it is not there yet.

        Raises:
            FileNotFoundError: the download failed.
        """
        if not self.download:
            return
        try:
            self._find(TRAIN_FILE)
            self._find(TEST_FILE)
        except FileNotFoundError:
            self._fetch()

    def read(self) -> dict[Split, ImageSource]:
        """Reads both files.

        Raises:
            FileNotFoundError: a file is in none of the places.
            ValueError: a file is damaged, or val_size leaves no training images.
        """
        train_path, test_path = self._find(TRAIN_FILE), self._find(TEST_FILE)
        original = read_idx_images(train_path)
        n_train = len(original) - self.val_size
        if n_train < 1:
            raise ValueError(f"val_size is {self.val_size}, but {train_path} holds {len(original)} images")
        return {
            "train": ArrayImages(original[:n_train], 255, "train"),
            "val": ArrayImages(original[n_train:], 255, "val"),
            "test": ArrayImages(read_idx_images(test_path), 255, "test"),
        }

    def _find(self, name: str) -> Path:
        places = (self.root, self.root / "raw", self.root / "MNIST" / "raw")
        for path in (place / (name + suffix) for place in places for suffix in ("", ".gz")):
            if path.is_file():
                return path
        raise FileNotFoundError(
            f"MNIST: found neither {name}.gz nor {name} in {', '.join(map(str, places))}: "
            "let root be the folder that holds the original files, or set download to true"
        )

    def _fetch(self) -> None:
        """Into a folder of this process first: others may look for the files, or fetch them, at the same time."""
        from torchvision.datasets import MNIST  # here: only a download needs it

        raw = self.root / "MNIST" / "raw"
        try:
            raw.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=raw, prefix=".new") as own:
                MNIST(own, download=True)
                for path in Path(own, "MNIST", "raw").iterdir():
                    path.replace(raw / path.name)
        except (RuntimeError, OSError) as error:
            raise FileNotFoundError(
                f"MNIST could not be downloaded ({error}): put {TRAIN_FILE}.gz and {TEST_FILE}.gz into {self.root}"
            ) from error


def read_idx_images(path: Path) -> Tensor:
    """The uint8 images (N, 28, 28) of an idx file, gzipped if its name ends in .gz.

    Raises:
        ValueError: the file is truncated, corrupt, or holds something else.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is truncated or corrupt, expected a gzip file: get it again ({error})") from error
    if len(data) < 16:
        raise ValueError(f"{path} holds {len(data)} bytes, expected the 16 of an idx header and the images after it")
    magic, n, height, width = struct.unpack(">4I", data[:16])
    if magic != _IDX_IMAGES:
        raise ValueError(f"{path} begins with the number {magic}, expected {_IDX_IMAGES}, that of an idx image file")
    if (height, width) != (28, 28):
        raise ValueError(f"{path} holds images of {height} x {width}, expected the 28 x 28 of MNIST")
    if len(data) != 16 + n * 28 * 28:
        raise ValueError(f"{path} has {len(data) - 16} bytes of pixels, expected {n * 28 * 28} for its {n} images")
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=16).reshape(n, 28, 28).copy())
