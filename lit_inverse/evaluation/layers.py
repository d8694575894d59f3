"""Error against layer: what each iteration of a short solver gains, over all vectors of a sweep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lit_inverse.evaluation.decibels import aggregate, powers
from lit_inverse.evaluation.grouping import Setting, by_setting, has_no_range, mean_m, per_image
from lit_inverse.evaluation.results import Row
from lit_inverse.solvers import Solution, Solver

MOST_BYTES = 1 << 28  # for the iterates of a batch
_LAYERS = 64  # at most, of solvers of which the errors of all iterates of all vectors are kept


def n_iterations(solver: Solver) -> int:
    """Number of a solver's iterations, 0 where it has none."""
    max_iter = getattr(solver, "max_iter", None)
    return max_iter if isinstance(max_iter, int) else 0


def is_short(solver: Solver, x: Tensor) -> bool:
    """Whether all iterates of x (B, *in_shape) are followed: of real vectors, by a solver of few iterations."""
    n = n_iterations(solver)
    return x.ndim == 2 and not x.is_complex() and 1 <= n <= _LAYERS and (n + 1) * x.nbytes <= MOST_BYTES


def errors_along(solution: Solution, x: Tensor) -> list[list[float | None]] | None:
    """NMSE of the iterates 0, 1, ... and of the reconstruction at the end, for each item of real x (B, n), five digits.

    None for what is not finite, as for x = 0, and in all for a solver that keeps no iterates. An item that stopped
    stays where it is.
    """
    if solution.iterates is None:
        return None
    iterates = torch.cat([solution.iterates[:-1], solution.x[None]])
    # not metrics.nmse, whose float64 copies of all iterates would take a tenth of the time of a network
    errors = torch.linalg.vector_norm(iterates - x, dim=2) / torch.linalg.vector_norm(x, dim=1)
    squares = errors.mT.cpu().double().square().tolist()
    return [[float(f"{e:.5g}") if math.isfinite(e) else None for e in of_item] for of_item in squares]


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
