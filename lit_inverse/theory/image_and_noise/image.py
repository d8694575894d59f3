"""The image that is fitted."""

from importlib.resources import files
from pathlib import Path

from torch import Tensor

from datamodules import ImagesDataModule

_SIDE = 427  # of the largest square in the photographs


def first_image(root: Path | None, size: int) -> tuple[str, Tensor]:
    """Name and grey levels (1, 1, size, size), in [0, 1], of the first image of a folder.

    Args:
        root: the folder, of square images; None for the photographs that come with scikit-learn, cut to squares.
        size: side that the image is resized to.

    Raises:
        FileNotFoundError: when there is no such folder, or no image in it.
        ValueError: when an image can not be read or is not square.
    """
    folder = Path(str(files("sklearn.datasets.images"))) if root is None else root
    item = ImagesDataModule(folder, crop=_SIDE if root is None else None, size=size).dataset("test")[0]
    return item["id"], item["x"][None]
