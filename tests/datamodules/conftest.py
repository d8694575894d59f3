"""Small data sets on disk that the tests of the data modules share."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fastmri_files import SMALL
from PIL import Image

from datamodules import FastMRIDataModule
from datamodules.fastmri import write_synthetic

WriteImage = Callable[..., np.ndarray]


@pytest.fixture
def write_image() -> WriteImage:
    """Writes random 8-bit pixels (H, W) or (H, W, 3) to a file, and returns them."""

    def write(path: Path, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
        pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return pixels

    return write


@pytest.fixture
def mnist_root(tmp_path: Path) -> Path:
    """A set of 20 training and 10 test images in the format of MNIST."""
    root = tmp_path / "mnist"
    root.mkdir()
    for name, n in (("train-images-idx3-ubyte.gz", 20), ("t10k-images-idx3-ubyte.gz", 10)):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
        (root / name).write_bytes(gzip.compress(struct.pack(">4I", 2051, n, 28, 28) + pixels.tobytes()))
    return root


@pytest.fixture
def image_root(tmp_path: Path, write_image: WriteImage) -> Path:
    """Twenty grey images of 16 x 16: 00.png, ..., 19.png."""
    for i in range(20):
        write_image(tmp_path / "images" / f"{i:02d}.png", (16, 16), seed=i)
    return tmp_path / "images"


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Finds a folder of real data, which lies beside the repository where there is one."""

    def find(name: str) -> Path:
        folder = Path(__file__).parents[3] / "shared" / "data" / name
        if not folder.is_dir():
            pytest.skip(f"real data {name} is not in ../shared/data")
        return folder

    return find


@pytest.fixture
def fastmri(tmp_path: Path) -> Callable[..., FastMRIDataModule]:
    """The data module on tmp_path/set."""
    return lambda **arguments: FastMRIDataModule(**{"root": tmp_path / "set", "cache": tmp_path / "cache", **arguments})


@pytest.fixture
def ten_volumes(tmp_path: Path) -> Path:
    """Ten volumes of three slices."""
    write_synthetic(tmp_path / "set", 10, SMALL)
    return tmp_path / "set"
