"""What the diagnostics of a sweep say of each of its settings."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from lit_inverse.evaluation.grouping import Setting, in_order, mean_m, per_image, per_item
from lit_inverse.evaluation.results import Row
from lit_inverse.intervals import t_interval


@dataclass(frozen=True)
class Constant:
    """One kind of estimate of one diagnostic at one setting, over the A or the images that it was measured for.

    Of volumes their slices are averaged, as repeats are: each volume counts as one image.

    Attributes:
        solver: its name; empty for a diagnostic of operators.
        noise_level: None for those.
        value: mean over the A or the images, repeats averaged first; NaN where none has a finite one.
        bound: what every one of them is.
        error: half width of the 95 % t-interval of that mean. Of a single A or image its own error, which is known of a
            mean and of an exact value, and infinity of a bound.
        n: number of A or images, of which a volume is one.
        least: smallest of them and of slices.
        largest: largest of them and of slices: the worst that was found, of an amplification.
        samples: that each rests on, their mean.
        undefined: estimates that are infinite or no number, of which nothing else here knows.
    """

    solver: str
    label: str
    m: int
    setting: Setting
    noise_level: float | None
    name: str
    kind: str
    value: float
    bound: str
    error: float
    n: int
    least: float
    largest: float
    samples: int
    undefined: int


def constants(rows: Iterable[Row]) -> list[Constant]:
    """One for each name, noise level, solver, kind and setting of the estimates in some rows, in their order."""
    groups: dict[tuple[str, ...], dict[Setting, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        group = row["name"], str(row["noise_level"]), row["solver"], row["kind"]
        groups[group][row["setting"]].append(row)
    return [_constant(of[setting]) for of in groups.values() for setting in in_order(of)]


def _constant(rows: list[Row]) -> Constant:
    first, defined = rows[0], [row for row in rows if row["value"] is not None]
    values, of_images = ([*map(float, per(defined, itemgetter("value")).values())] for per in (per_item, per_image))
    mean = float(np.mean(values)) if values else math.nan
    return Constant(
        solver=first["solver"],
        label=first["label"],
        m=mean_m(rows),
        setting=first["setting"],
        noise_level=first["noise_level"],
        name=first["name"],
        kind=first["kind"],
        value=mean,
        bound=first["bound"],
        error=t_interval(values)[1] - mean if len(values) > 1 else _own_error(defined),
        n=len(values),
        least=min(of_images, default=math.nan),
        largest=max(of_images, default=math.nan),
        samples=round(float(np.mean([row["n"] for row in rows]))),
        undefined=len(rows) - len(defined),
    )


def _own_error(repeats: list[Row]) -> float:
    """Of the mean of one image's repeats and slices, which are drawn independently."""
    if not repeats or repeats[0]["bound"] not in ("mean", "exact"):
        return math.inf
    return math.hypot(*(math.inf if row["error"] is None else row["error"] for row in repeats)) / len(repeats)
