"""One batch of cases: from x to y to x_hat to errors."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from lit_inverse import metrics
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.reference import Reference
from lit_inverse.evaluation.results import Row
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.trajectories import Trajectory, errors_along, is_short, iterates_to_follow, trajectory
from lit_inverse.operators import Operator
from lit_inverse.problem import Problem, as_told, unknown
from lit_inverse.seeding import noise_seed, solver_seed
from lit_inverse.solvers import Solution


@dataclass(frozen=True)
class Solved:
    """A finished case: its line, its reconstruction as it is compared, and its iterations if they were followed."""

    case: Case
    row: Row
    x_hat: Tensor
    trajectory: Trajectory | None


def solve_batch(
    sweep: Sweep, dataset: Dataset[dict[str, Tensor]], batch: list[Case], device: torch.device
) -> list[Solved]:
    """Measures, solves and compares cases of one solver and one setting; the solver never sees x."""
    items = [dataset[case.index] for case in batch]
    x, operator, y, sigma = simulate(sweep, items, batch, device)
    solver = sweep.solvers[batch[0].solver]
    trace = iterates_to_follow(solver, x, any(case.is_followed for case in batch))
    solution, seconds = _solve(sweep, batch, y, operator, sigma, trace)
    reference = Reference.of(items, y, sweep.shown_range)
    x_hat = reference.shown(solution.x)
    columns = {
        "sigma": sigma,
        "residual": metrics.residual(operator, solution.x, y),
        "n_iter": solution.n_iter,
        **reference.errors(x_hat),
    }
    along = errors_along(solution, reference.x) if is_short(solver, x) else None
    solved = []
    for i, (case, values) in enumerate(zip(batch, by_item(columns), strict=True)):
        row = _description(sweep, case, operator, device) | values
        row |= {"volume": items[i]["volume"]} if "volume" in items[i] else {}
        row |= {"seconds": seconds, "status": solution.status[i].value}
        row |= {} if along is None else {"along": along[i]}
        followed = trajectory(solution, reference, i, trace) if case.is_followed else None
        solved.append(Solved(case, row, x_hat[i], followed))
    return solved


def by_item(columns: Mapping[str, Tensor]) -> list[Row]:
    """The values (B,) of each item by name; null where not finite: PSNR of an exact image, NMSE of a black one."""
    items = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [{name: v if math.isfinite(v) else None for name, v in zip(columns, item, strict=True)} for item in items]


def simulate(
    sweep: Sweep, items: Sequence[Mapping[str, Any]], batch: list[Case], device: torch.device
) -> tuple[Tensor, Operator, Tensor, Tensor]:
    """Of cases of one setting: x (B, *in_shape) or the k-space that items bring, A as solvers are told it, y
    (B, *out_shape) and sigma (B,).
    """
    x = torch.stack([unknown(item) for item in items])
    x = x.to(device, sweep.dtype.to_complex() if x.is_complex() else sweep.dtype)
    operator = _operator(sweep, batch, x)
    problem = Problem(operator, sweep.noise(batch[0].noise_level))
    measured = [{"kspace": one} for one in x] if "kspace" in items[0] else x
    y, sigma = problem.simulate(measured, [noise_seed(sweep.seed, case.image, case.repeat) for case in batch])
    return x, as_told(operator, x, y), y, sigma


def _operator(sweep: Sweep, batch: list[Case], x: Tensor) -> Operator:
    seeds = [sweep.operator_seed(case.drawn_for, case.repeat) for case in batch]
    seed = seeds[0] if sweep.operator_per == "sweep" else seeds
    return sweep.draw_operator(tuple(x.shape[1:]), batch[0].measurement, seed).to(x.device, x.real.dtype)


def _solve(
    sweep: Sweep, batch: list[Case], y: Tensor, operator: Operator, sigma: Tensor, trace: list[int]
) -> tuple[Solution, float]:
    """The solution and the seconds it took per item."""
    solver = sweep.solvers[batch[0].solver]
    seeds = [solver_seed(sweep.seed, case.image, case.repeat) for case in batch]
    _synchronize(y.device)
    start = time.perf_counter()
    solution = solver.solve(y, operator, sigma=sigma, value_range=sweep.value_range, seeds=seeds, trace=trace)
    _synchronize(y.device)
    return solution, (time.perf_counter() - start) / len(batch)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _description(sweep: Sweep, case: Case, operator: Operator, device: torch.device) -> Row:
    return {
        "key": case.key,
        "data": type(sweep.data).__name__,
        "image": case.image,
        "operator": sweep.operator.name,
        "m": operator.m,
        "n": operator.n,
        "noise_level": case.noise_level,
        "repeat": case.repeat,
        "seed": sweep.seed,
        "value_range": sweep.shown_range,
        "device": str(device),
        **({} if sweep.vary in (None, "m") else {"setting": case.measurement}),
    }
