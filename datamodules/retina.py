"""Retinal fundus photographs."""

from typing import Any

from datamodules.images import ImagesDataModule
from datamodules.paths import ConfigPath


class RetinaDataModule(ImagesDataModule):
    """Fundus photographs (STARE and the like) in a folder: the 512 x 512 in the middle, quartered to 128 x 128 RGB.

    So CS-DIP prepares them (Van Veen et al. 2018), on [-1, 1]. Pass ``value_range=(-1, 1)`` to have that too.

    Args:
        root: the folder; an id is a file's path relative to it.
        crop: side of the square cut from the middle of each photograph.
        size: side of the square it is resized to (bilinear).
        fractions: parts of the images for train, val and test, with sum 1; a hash of its path decides about an image.
        shared: the other arguments of ``ImagesDataModule``.

    Raises:
        ValueError: an argument is impossible.
    """

    def __init__(
        self,
        root: ConfigPath,
        crop: int = 512,
        size: int = 128,
        fractions: tuple[float, float, float] = (0.0, 0.0, 1.0),
        **shared: Any,
    ) -> None:
        super().__init__(root, mode="RGB", crop=crop, size=size, fractions=fractions, **shared)
