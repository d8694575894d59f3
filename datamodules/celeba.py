"""Faces."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from datamodules.base import SPLITS, ImageSource, Split, SplitDataModule
from datamodules.folder import ImageFolder
from datamodules.paths import ConfigPath
from datamodules.preparation import Preparation

IMAGES = "img_align_celeba"
PARTITION = "list_eval_partition.txt"
ATTRIBUTES = "list_attr_celeba.txt"


class CelebADataModule(SplitDataModule):
    """CelebA, aligned and cropped (Liu et al. 2015): the 108 x 108 in the middle, resized to 64 x 64 RGB.

    So DCGAN and CSGM prepare them (Bora et al. 2017, authors' code), on [-1, 1]. Pass ``value_range=(-1, 1)`` to have
    that too. The images lie in ``root/img_align_celeba``, or in root itself. Where the official
    ``list_eval_partition.txt`` lies in root or beside the images, it deals them to train, val and test; else a hash of
    each name does. People are in one split only by the official one: by the hash, one face may be in two.

    Args:
        root: folder to look in; an id is a file's path relative to the folder of the images.
        crop: side of the square cut from the middle of each image; 54 for images of half the original 178 x 218.
        size: side of the square it is resized to (bilinear).
        mode: "RGB" or "L", for grey.
        where: attributes of the faces to keep, such as ``{Eyeglasses: true, Male: false}``, by ``list_attr_celeba.txt``
            in root or beside the images; null for all faces.
        fractions: parts of the images for train, val and test without the official file; the default is about its own.
        shared: the arguments of ``SplitDataModule``.

    Raises:
        ValueError: an argument is impossible.
    """

    def __init__(
        self,
        root: ConfigPath,
        crop: int = 108,
        size: int = 64,
        mode: Literal["RGB", "L"] = "RGB",
        where: dict[str, bool] | None = None,
        fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.root = Path(root)
        self.where = where or {}
        inner = self.root / IMAGES
        self.folder = ImageFolder(inner if inner.is_dir() else self.root, Preparation(mode, crop, size), fractions)

    def read(self) -> dict[Split, ImageSource]:
        """Lists, selects, checks and splits the files.

        Raises:
            FileNotFoundError: root does not exist, or the attributes asked for are nowhere.
            ValueError: a list lacks an image or an attribute, no face is left, or a file is not a suitable image.
        """
        names = self.folder.names()
        if self.where:
            names = self._selected(names)
        partition = self._find(PARTITION)
        return self.folder.read(names, None if partition is None else read_partition(partition, names))

    def _selected(self, names: Sequence[str]) -> list[str]:
        path = self._find(ATTRIBUTES)
        if path is None:
            raise FileNotFoundError(f"where is {self.where}, but {ATTRIBUTES} is neither in {self.root} nor beside it")
        table = read_attributes(path, names, self.where)
        kept = [name for name, attributes in zip(names, table, strict=True) if attributes == self.where]
        if not kept:
            raise ValueError(f"where is {self.where}, which no image of {self.folder.root} fulfils")
        return kept

    def _find(self, name: str) -> Path | None:
        """A list in root, or in the folder that holds the images' folder."""
        places = (self.root, self.folder.root.parent)
        return next((place / name for place in places if (place / name).is_file()), None)


def read_partition(path: Path, names: Sequence[str]) -> dict[Split, list[str]]:
    """The official splits, of the given images: lines such as "000001.jpg 0", with 0 for train, 1 for val, 2 for test.

    Raises:
        ValueError: a line is another one, or an image has none.
    """
    numbers = _rows(path, names, path.read_text().splitlines())
    parts: dict[Split, list[str]] = {split: [] for split in SPLITS}
    for name in names:
        if numbers[name] not in (["0"], ["1"], ["2"]):
            raise ValueError(f"{path} says {' '.join(numbers[name])!r} of {name}, expected 0, 1 or 2")
        parts[SPLITS[int(numbers[name][0])]].append(name)
    return parts


def read_attributes(path: Path, names: Sequence[str], wanted: Mapping[str, bool]) -> list[dict[str, bool]]:
    """The wanted attributes of each image: a line with the number of images, one with names, and lines of 1 and -1.

    Raises:
        ValueError: an attribute or image is not in the list.
    """
    _number, header, *lines = [*path.read_text().splitlines(), "", ""]
    columns = header.split()
    for name in wanted:
        if name not in columns:
            raise ValueError(f"where asks for {name!r}, expected attributes of {path}: {', '.join(columns)}")
    rows = _rows(path, names, lines)
    return [{key: rows[name][columns.index(key)] == "1" for key in wanted} for name in names]


def _rows(path: Path, names: Sequence[str], lines: Sequence[str]) -> dict[str, list[str]]:
    """The words after each image's name."""
    table = {words[0]: words[1:] for line in lines if (words := line.split())}
    unknown = [name for name in names if PurePosixPath(name).name not in table]
    if unknown:
        raise ValueError(f"{path} has no line for {len(unknown)} of {len(names)} images, first {unknown[0]}")
    return {name: table[PurePosixPath(name).name] for name in names}
