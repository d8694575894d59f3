"""What all data modules share: three named splits of (x, id) items, a value range, and the loaders."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypedDict, get_args, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.loader import LoadedDataModule

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
_ROUNDING = 1e-6  # what resizing in float32 may add to a white pixel


class Item(TypedDict):
    """One signal.

    With measurements of its own it has more keys, see `fastmri.SliceItem`: evaluation takes `kspace` in place of x to
    make y, `maximum` as the unit of errors, and `volume` for what slices belong together.

    Attributes:
        x: float32 (C, H, W) in the data module's value range; where that has none, a vector (n,) or a slice (1, h, w)
            in the units of its file.
        id: its stable name, such as "test/17".
    """

    x: Tensor
    id: str


class Items(Protocol):
    """The items of a split, by number from 0."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Item: ...


@runtime_checkable
class OutlinedItems(Protocol):
    """Items that can be told from others without being read each time."""

    def outline(self, index: int, /) -> Mapping[str, Any]:
        """The item with a `Fingerprint` in the place of each array that would have to be read; these are finite."""


class DataModule(Protocol):
    """What training and evaluation ask of a data module, besides the loaders that Lightning asks it for.

    One whose images are in units of their own has the attribute `shown_range` besides: (lo, hi) of what evaluation
    compares and shows, which is x in units of the item's `maximum`.
    """

    @property
    def value_range(self) -> tuple[float, float] | None:
        """(lo, hi), the values of black and white in x; None for vectors, and for images in units of their own."""

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of every x: (C, H, W) or (n,); of slices, which may differ, that of the first."""

    def prepare_data(self) -> None:
        """Downloads; several processes may call it at the same time."""

    def setup(self, stage: str) -> None:
        """Finds or draws the data; called by every process, and more than once."""

    def dataset(self, split: str) -> Items:
        """The items of "train", "val" or "test", always in the same order."""


class ImageSource(Protocol):
    """The images of one split; an image is read when it is asked for."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of every image."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """The item's id: unique in the data set, the same on every machine."""

    def pixels(self, index: int) -> Tensor:
        """The image (C, H, W) in float32 with black at 0 and white at 1."""


class ImageDataset(Dataset[Item]):
    """Maps the images of a source affinely from [0, 1] to the value range."""

    def __init__(self, source: ImageSource, value_range: tuple[float, float]) -> None:
        self.source = source
        self.value_range = value_range

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Item:
        """Item number ``index``.

        Raises:
            IndexError: index is outside of the split.
            ValueError: a pixel is not finite or not in [0, 1], as may happen in images of floating point numbers.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside of a split of {len(self)} images")
        name, pixels = self.source.name(index), self.source.pixels(index)
        black, white = torch.aminmax(pixels)
        if not (black >= -_ROUNDING and white <= 1 + _ROUNDING):  # also false for NaN
            raise ValueError(f"image {name!r} {_fault(pixels)}")
        lo, hi = self.value_range
        return {"x": lo + (hi - lo) * pixels.clamp(0, 1), "id": name}


def _fault(pixels: Tensor) -> str:
    bad = pixels.numel() - int(pixels.isfinite().sum())
    if bad:
        return f"has {bad} pixels that are NaN or infinite: repair or remove it"
    return (
        f"has pixels from {pixels.min():g} to {pixels.max():g}, expected 0 (black) to 1 (white): "
        "only 8-bit and 16-bit images are rescaled, divide it by its white level"
    )


class SplitDataModule(LoadedDataModule):
    """Interface of the data modules, with everything but the reading of the images.

    Args:
        batch_size: items per batch of every loader; the last batch may be smaller, none is dropped.
        num_workers: processes that read images, 0 to read them in the main process.
        value_range: (lo, hi), the values of black and white in x.
        seed: seed of the order of the training items; the global random generator is not touched.

    Raises:
        ValueError: batch_size < 1, num_workers < 0, or value_range is not two finite numbers lo < hi.
    """

    def __init__(
        self,
        batch_size: int = 64,
        num_workers: int = 0,
        value_range: tuple[float, float] = (0.0, 1.0),
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1")
        if num_workers < 0:
            raise ValueError(f"num_workers is {num_workers}, expected 0 or more")
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.value_range = _checked_range(value_range)
        self.seed = seed
        self._sources: dict[Split, ImageSource] | None = None

    @abstractmethod
    def read(self) -> dict[Split, ImageSource]:
        """Finds the data and cuts it into the three splits, some of which may be empty; called once."""

    def setup(self, stage: str | None = None) -> None:
        """Finds the data, for all stages at once; a second call does nothing.

        Raises:
            FileNotFoundError: the data is not where it was said to be.
            ValueError: a file is not what it should be.
        """
        self._read_once()

    @property
    def item_shape(self) -> tuple[int, int, int]:
        """(C, H, W), the shape of every x."""
        return self._read_once()["test"].shape

    def dataset(self, split: str) -> ImageDataset:
        """The items of a split, in an order that depends on nothing but the data set and the arguments.

        Raises:
            ValueError: the split is unknown or has no images.
        """
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        sources = self._read_once()
        source = sources[split]
        if not len(source):
            sizes = ", ".join(f"{len(sources[s])} for {s}" for s in SPLITS)
            raise ValueError(f"{type(self).__name__} has no {split} images: its arguments leave {sizes}")
        return ImageDataset(source, self.value_range)

    @property
    def has_validation(self) -> bool:
        """Whether there are validation items."""
        return bool(len(self._read_once()["val"]))

    def _read_once(self) -> dict[Split, ImageSource]:
        if self._sources is None:
            self._sources = self.read()
        return self._sources


def _checked_range(value_range: tuple[float, float]) -> tuple[float, float]:
    if len(value_range) != 2 or not all(map(math.isfinite, value_range)) or not value_range[0] < value_range[1]:
        raise ValueError(f"value_range is {value_range}, expected two finite numbers (lo, hi) with lo < hi")
    return float(value_range[0]), float(value_range[1])
