"""Images as a sweep knows them: by shape and content, read from an outline where the data has one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from datamodules.fingerprint import Fingerprint
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.problem import unknown


@dataclass(frozen=True)
class Image:
    """An image of the data before anything is measured of it.

    Attributes:
        shape: of what A acts on.
        content: fingerprint of all that is measured of it, or compared with.
        drawn_for: id of what A is drawn for.
        reference_shape: of x, which differs from `shape` where items bring k-space.
        volume: that it is a slice of, if any.
    """

    index: int
    id: str
    shape: tuple[int, ...]
    content: str
    drawn_for: str
    reference_shape: tuple[int, ...]
    volume: str | None

    @classmethod
    def of(cls, index: int, item: Mapping[str, Any], sweep: Sweep) -> "Image":
        """From an item of a dataset, or from its outline, which has fingerprints for arrays.

        Raises:
            ValueError: when there is nothing to compare with, or too little to sample from.
        """
        _check_item(item)
        parts = [_content(item[name], item["id"]) for name in ("x", "kspace") if name in item]
        parts += [f"maximum {float(item['maximum'])!r}"] if "maximum" in item else []
        shapes = tuple(unknown(item).shape), tuple(item["x"].shape)
        drawn_for, volume = sweep.drawn_for(item), item.get("volume")
        return cls(index, item["id"], shapes[0], " and ".join(parts), drawn_for, shapes[1], volume)


def _check_item(item: Mapping[str, Any]) -> None:
    name, expected = item["id"], "expected all of k-space with a reference: take another split"
    if "x" not in item:
        raise ValueError(f"{name} has no reference x to compare with, {expected}")
    if "mask" in item:
        raise ValueError(f"{name} is undersampled already (it has a mask), {expected}")
    if not 0 < (maximum := float(item.get("maximum", 1))) < math.inf:
        raise ValueError(f"{name} has the maximum {maximum:g}, expected a finite number > 0")


def _content(x: Tensor | Fingerprint, name: str) -> str:
    if isinstance(x, Fingerprint):
        return str(x)
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} has entries that are not finite (NaN or infinity)")
    return str(Fingerprint.of(x))
