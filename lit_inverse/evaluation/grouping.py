"""How results are put together: rows of one solver at one setting, and the repeats of an image."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from lit_inverse.evaluation.results import Row

Setting = int | float | str


def setting_of(row: Row) -> Setting:
    """Value of the varied argument in a row, m where it names none; what is no number as a string."""
    value = row.get("setting", row["m"])
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def in_order(settings: Iterable[Setting]) -> list[Setting]:
    """Each setting once: numbers ascend, names keep their order."""
    each = list(dict.fromkeys(settings))
    return each if any(isinstance(setting, str) for setting in each) else sorted(each)


def by_setting(rows: Iterable[Row]) -> Iterator[tuple[Setting, list[Row]]]:
    """Rows of one solver at one setting: by solver in the order the rows name them, then noise level, then setting."""
    groups: dict[tuple[str, float, Setting], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["solver"], row["noise_level"], setting_of(row)].append(row)
    solvers, settings = list(dict.fromkeys(key[0] for key in groups)), in_order(key[2] for key in groups)
    for key in sorted(groups, key=lambda key: (solvers.index(key[0]), key[1], settings.index(key[2]))):
        yield key[2], groups[key]


def per_image(rows: Iterable[Row], value: Callable[[Row], Any]) -> dict[str, Any]:
    """Mean of a number or an array over the repeats of each image, by its id; without rows where it is None."""
    values: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if (one := value(row)) is not None:
            values[row["image"]].append(one)
    return {image: np.mean(repeats, axis=0) for image, repeats in values.items()}


def per_item(rows: Iterable[Row], value: Callable[[Row], Any]) -> dict[str, Any]:
    """Mean of a number over the slices and repeats of each volume, by its name, and over the repeats of other images.

    Items are independent of each other; slices of a volume are not, and intervals over them would be too short.
    """
    rows = list(rows)
    of_image = per_image(rows, value)
    values: dict[str, list[Any]] = defaultdict(list)
    item_of = {row["image"]: str(row.get("volume", row["image"])) for row in rows}
    for image, item in item_of.items():
        if image in of_image:
            values[item].append(of_image[image])
    return {item: np.mean(each, axis=0) for item, each in values.items()}


def mean_m(rows: Iterable[Row]) -> int:
    """Entries of y, their mean where images differ in it."""
    return round(float(np.mean([row["m"] for row in rows])))


def has_no_range(row: Row) -> bool:
    """Whether a row is of data without a range of values, whose errors are told in dB."""
    return row.get("value_range", ()) is None


def shown(setting: Setting) -> str:
    """A setting for people."""
    return setting if isinstance(setting, str) else "∞" if setting == math.inf else f"{setting:g}"
