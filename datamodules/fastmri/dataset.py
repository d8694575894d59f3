"""The slices of some volumes, as items."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NotRequired, cast

import torch
from torch import Tensor
from torch.utils.data import Dataset, default_collate

from datamodules.base import Item
from datamodules.fastmri.fingerprints import Fingerprints, read_fingerprints
from datamodules.fastmri.reader import Source, read_slice
from datamodules.fastmri.volume import Volume


class SliceItem(Item):
    """One slice, in the units of its file.

    Attributes:
        x: float32 (1, h, w), the reference: a magnitude image. Missing where there is none.
        id: name of the volume, ":", number of the slice.
        kspace: complex64 (coils, H, W), the zero frequency at [H // 2, W // 2]. The image that shows x in its middle is
            fftshift(ifft2(ifftshift(kspace), norm="ortho")).
        volume: its name, the path relative to the root.
        maximum: float64 (), of the references of the whole volume. Missing with x.
        mask: bool (H, W), what was measured. Missing where that is all.
        size: int64 (2,), h and w that x would have. There where x is missing.
    """

    kspace: Tensor
    volume: str
    maximum: NotRequired[Tensor]
    mask: NotRequired[Tensor]
    size: NotRequired[Tensor]


class Slices(Dataset[SliceItem]):
    """Slices of volumes, one after the other; each is read when it is asked for.

    Args:
        source: where they are read.
        volumes: entries of the index.
        ranges: of each volume the numbers of the slices that are taken.
        remembered: fingerprints of slices that were read before.

    Attributes:
        volumes: entries of the volumes of which slices are taken.
    """

    def __init__(
        self,
        source: Source,
        volumes: Sequence[Volume],
        ranges: Sequence[range],
        remembered: Fingerprints | None = None,
    ) -> None:
        taken = [(volume, numbers) for volume, numbers in zip(volumes, ranges, strict=True) if numbers]
        self.source, self.remembered = source, remembered
        self.volumes = [volume for volume, _ in taken]
        self._ranges = [numbers for _, numbers in taken]
        self._ends = list(accumulate(len(numbers) for numbers in self._ranges))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def place(self, index: int) -> tuple[Volume, int]:
        """Volume and slice of an item; nothing is read.

        Raises:
            IndexError: index is outside of the split.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside of a split of {len(self)} slices")
        which = bisect_right(self._ends, index)
        return self.volumes[which], self._ranges[which][index - self._ends[which]]

    def __getitem__(self, index: int) -> SliceItem:
        """Item number ``index``.

        Raises:
            IndexError: index is outside of the split.
            ValueError: the slice can not be read, or is not finite.
        """
        volume, number = self.place(index)
        kspace, reference = read_slice(self.source, volume, number)
        arrays = {"kspace": kspace} if reference is None else {"kspace": kspace, "x": reference[None]}
        return cast(SliceItem, _item(volume, number, arrays))

    def outline(self, index: int) -> dict[str, Any]:
        """Item number ``index`` with a `Fingerprint` in the place of kspace and x; a slice is read for it only once.

        Raises:
            IndexError: index is outside of the split.
            ValueError: the slice can not be read, or is not finite.
        """
        volume, number = self.place(index)
        if self.remembered is None:
            return _item(volume, number, read_fingerprints(self.source, volume, number))
        return _item(volume, number, self.remembered.of(volume, number))


def _item(volume: Volume, number: int, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """A slice with its k-space and its x, if any, or what stands for them."""
    item: dict[str, Any] = {"id": f"{volume.name}:{number}", "volume": volume.name, **arrays}
    if "x" in arrays:
        item["maximum"] = torch.tensor(volume.maximum, dtype=torch.float64)
    else:
        item["size"] = torch.tensor(volume.size)
    if volume.columns is not None:
        mask = torch.zeros(volume.shape, dtype=torch.bool)
        mask[:, list(volume.columns)] = True
        item["mask"] = mask
    return item


def collate(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A batch of slices, which must be equal in shape.

    Raises:
        ValueError: they are not.
    """
    shapes = [{key: tuple(value.shape) for key, value in item.items() if isinstance(value, Tensor)} for item in items]
    for item, shape in zip(items, shapes, strict=True):
        if shape != shapes[0]:
            raise ValueError(
                f"a batch holds {items[0]['id']} with {shapes[0]} and {item['id']} with {shape}, "
                "expected equal shapes: set batch_size to 1"
            )
    batch: dict[str, Any] = default_collate(list(items))
    return batch
