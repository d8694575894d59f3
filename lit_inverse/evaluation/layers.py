"""Error against layer: what each iteration of a short solver gains, over all vectors of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lit_inverse.evaluation.decibels import aggregate, powers
from lit_inverse.evaluation.grouping import Setting, by_setting, has_no_range, mean_m, per_image
from lit_inverse.evaluation.results import Row


@dataclass(frozen=True)
class LayerError:
    """Aggregate NMSE of one iterate of one solver at one setting, as `Summary.nmse_db`.

    Attributes:
        layer: number of the iterate; 0 is the start, the last the reconstruction.
        n: number of images (x = 0 left out); their repeats are averaged first.
        nmse_db_low: lower end of its 95 % bootstrap interval over images (BCa).
    """

    solver: str
    label: str
    m: int
    setting: Setting
    noise_level: float
    layer: int
    n: int
    nmse_db: float
    nmse_db_low: float
    nmse_db_high: float


def layer_errors(rows: Sequence[Row]) -> list[LayerError]:
    """The layers of each solver and setting whose rows hold them (`along`), in the order of `by_setting`."""
    known = powers(row for row in rows if has_no_range(row))
    followed = (row for row in rows if row.get("along") and known.get(row["image"], 0) > 0)
    return [error for setting, group in by_setting(followed) for error in _layer_errors(setting, group, known)]


def _layer_errors(setting: Setting, rows: list[Row], known: Mapping[str, float]) -> list[LayerError]:
    # an iterate that was not finite is null, and makes a gap in the curve
    errors = per_image(rows, lambda row: np.array(row["along"], dtype=np.float64) * known[row["image"]])
    power = np.array([known[image] for image in errors])
    found = zip(*aggregate(np.array([*errors.values()]), power), strict=True)
    first, m = rows[0], mean_m(rows)
    return [
        LayerError(
            first["solver"], first["label"], m, setting, first["noise_level"], layer, len(errors), *map(float, one)
        )
        for layer, one in enumerate(found)
    ]
