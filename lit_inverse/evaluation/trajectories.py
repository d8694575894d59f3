"""How a case got to its result: errors of its iterates, and what the solver minimised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lit_inverse import metrics
from lit_inverse.evaluation.reference import Reference
from lit_inverse.solvers import Solution, Solver

_MOST_BYTES = 1 << 28  # for the iterates of a batch
_LAYERS = 64  # at most, of solvers of which the errors of all iterates of all vectors are kept
_N_ITERATES = 25
_N_STEPS = 200  # stored of the history


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


def is_short(solver: Solver, x: Tensor) -> bool:
    """Whether all iterates of x (B, *in_shape) are followed: of real vectors, by a solver of few iterations."""
    n = solver.max_iter
    return x.ndim == 2 and not x.is_complex() and 1 <= n <= _LAYERS and (n + 1) * x.nbytes <= _MOST_BYTES


def iterates_to_follow(solver: Solver, x: Tensor, followed: bool) -> list[int]:
    """Numbers of iterates of a batch x (B, *in_shape): all of short solvers, some where a case is `followed`, or none.

    These are closer together at the start.
    """
    if is_short(solver, x):
        return list(range(solver.max_iter + 1))
    if solver.max_iter < 1 or not followed:
        return []
    n = min(_N_ITERATES, _MOST_BYTES // x.nbytes)
    return [0, *_spread(solver.max_iter, n)] if n > 1 else []


def trajectory(solution: Solution, reference: Reference, item: int, numbers: Sequence[int]) -> Trajectory:
    """The trajectory of one item of a batch, of which the iterates `numbers` were asked for."""
    n_iter = int(solution.n_iter[item])
    iterations, mse = [], []
    if solution.iterates is not None:
        iterations = [number for number in numbers if number < n_iter]
        iterates = torch.cat([solution.iterates[: len(iterations), item], solution.x[item : item + 1]])
        iterations.append(n_iter)
        shown = reference.shown(iterates, item)
        mse = metrics.mse(shown, reference.x[item].expand_as(shown)).tolist()
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
