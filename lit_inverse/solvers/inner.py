"""Solvers that leave the work to another one, on a problem they make of theirs."""

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.base import Given, Solver
from lit_inverse.solvers.solution import Solution


def limited(solver: Solver, max_iter: int | None) -> Solver:
    """The solver, or a copy of it that makes at most max_iter iterations, if it makes any."""
    if max_iter is None or not solver.max_iter:
        return solver
    shorter: Any = copy.copy(solver)
    if hasattr(solver, "solver"):
        shorter.solver = limited(solver.solver, max_iter)
    shorter.max_iter = max_iter
    found: Solver = shorter
    return found


def solve_within(solver: Solver, given: Given, operator: Operator, unit: Tensor) -> Solution:
    """What a solver makes of y / unit and A, with one unit > 0 per item (B,): x in units of it."""
    return solver.solve(
        given.y / column(unit, given.y),
        operator,
        sigma=given.sigma / unit,
        seeds=given.seeds,
        trace=given.trace.numbers,
    )


def mapped(solution: Solution, change: Callable[[Tensor], Tensor]) -> Solution:
    """The solution with x, each iterate and each sample, batches (B, ...), changed by a function."""

    def each(batches: Tensor | None) -> Tensor | None:
        return None if batches is None else torch.stack([change(batch) for batch in batches])

    return dataclasses.replace(
        solution, x=change(solution.x), iterates=each(solution.iterates), samples=each(solution.samples)
    )


def consistent(x: Tensor, y: Tensor, operator: LinearOperator) -> Tensor:
    """x + A^+ (y - A x): what y says replaces what x says about it."""
    return x + operator.pinv(y - operator(x))
