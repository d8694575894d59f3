"""How a case got to its result: error of some iterates, and what the solver minimised."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lit_inverse import metrics
from lit_inverse.evaluation.cases import Case
from lit_inverse.solvers import Solution, Solver

_N_ITERATES = 25
_N_STEPS = 200  # stored of the history
_LAYERS = 64  # at most, of solvers of which the errors of all iterates of all vectors are kept
_BYTES = 1 << 28  # for the iterates of a batch


@dataclass(frozen=True)
class Trajectory:
    """The iterations of one case.

    Attributes:
        iterations: numbers of iterates, from 0, the start; the last is the reconstruction.
        mse: their mean squared errors, in the units of x.
        objective: what the solver noted, "loss" (in its own units) or "gap" (relative duality gap); None if nothing.
        steps: iterations at which it noted it.
        values: what it noted.
    """

    iterations: list[int]
    mse: list[float]
    objective: str | None
    steps: list[int]
    values: list[float]

    def write(self, out: Path, key: str) -> None:
        """Stores it in the folder of a sweep."""
        path = _path(out, key)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)


def read_trajectory(out: Path, key: str) -> Trajectory | None:
    """What was stored under a key; None if nothing was."""
    path = _path(out, key)
    return Trajectory(**json.loads(path.read_text())) if path.exists() else None


def _path(out: Path, key: str) -> Path:
    return out / "trajectories" / f"{key}.json"


def is_followed(case: Case) -> bool:
    """The first image of each setting is; its iterates cost the memory of some reconstructions."""
    return case.index == 0 and case.repeat == 0


def is_short(solver: Solver, x: Tensor) -> bool:
    """Whether all iterates of x (B, *in_shape) are followed: of real vectors, by a solver of few iterations."""
    return (
        x.ndim == 2
        and not x.is_complex()
        and 1 <= _max_iter(solver) <= _LAYERS
        and (_max_iter(solver) + 1) * x.nbytes <= _BYTES
    )


def _max_iter(solver: Solver) -> int:
    """Number of a solver's iterations, 0 where it has none."""
    max_iter = getattr(solver, "max_iter", None)
    return max_iter if isinstance(max_iter, int) else 0


def iterates_to_follow(solver: Solver, batch: Sequence[Case], x: Tensor) -> list[int]:
    """Numbers of iterates of a batch (B, *in_shape), closer together at the start; none if no case is followed."""
    if is_short(solver, x):
        return list(range(_max_iter(solver) + 1))
    if _max_iter(solver) < 1 or not any(map(is_followed, batch)):
        return []
    n = min(_N_ITERATES, _BYTES // x.nbytes)
    return [0, *_spread(_max_iter(solver), n)] if n > 1 else []


def trajectory(solution: Solution, x: Tensor, item: int, numbers: Sequence[int]) -> Trajectory:
    """The trajectory of one item of a batch x (B, *in_shape), of which the iterates `numbers` were asked for."""
    n_iter = int(solution.n_iter[item])
    iterations, mse = [], []
    if solution.iterates is not None:
        iterations = [number for number in numbers if number < n_iter]
        iterates = torch.cat([solution.iterates[: len(iterations), item], solution.x[item : item + 1]])
        iterations.append(n_iter)
        mse = metrics.mse(iterates, x[item].expand_as(iterates)).tolist()
    return Trajectory(iterations, mse, *_objective(solution, item, n_iter))


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


def _objective(solution: Solution, item: int, n_iter: int) -> tuple[str | None, list[int], list[float]]:
    name = next((name for name in ("loss", "gap") if name in solution.history), None)
    if name is None:
        return None, [], []
    history = solution.history[name][:, item]
    rows = [row - 1 for row in _spread(len(history), _N_STEPS)]
    noted = solution.history.get("iteration")
    steps = [row + 1 if noted is None else int(noted[row, item]) for row in rows]
    pairs = zip(steps, history[rows].double().tolist(), strict=True)
    kept = [(step, value) for step, value in pairs if step <= n_iter and np.isfinite(value)]
    return name, [step for step, _ in kept], [value for _, value in kept]


def _spread(largest: int, n: int) -> list[int]:
    """About n numbers from 1 to `largest`, evenly on a logarithmic scale."""
    if largest < 1:
        return []
    return sorted({int(number) for number in np.geomspace(1, largest, n).round()})
