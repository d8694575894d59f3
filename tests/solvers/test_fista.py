"""FISTA against its convergence theorem and Lasso's optimum."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from lit_inverse.operators import Matrix
from lit_inverse.solvers import FISTA, Lasso, Status

LAM = 0.02


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def problem(per_item: bool = False) -> tuple[Tensor, Matrix]:
    """4 of 40 entries, from 20 noisy measurements."""
    operator = Matrix(draw(*([3] if per_item else []), 20, 40, seed=1) / math.sqrt(20))
    x = torch.zeros(3, 40, dtype=torch.float64)
    x[:, ::10] = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    return operator(x) + 0.01 * draw(3, 20, seed=2), operator


def objective(operator: Matrix, y: Tensor, x: Tensor) -> Tensor:
    return (operator(x) - y).square().sum(1) / 2 + LAM * x.abs().sum(1)


@pytest.mark.parametrize("per_item", [False, True])
def test_objective_falls_as_the_theorem_says(per_item: bool) -> None:
    y, operator = problem(per_item)
    best = Lasso("pixel", LAM, gap=1e-12).solve(y, operator).x
    numbers = list(range(1, 200))
    solution = FISTA(LAM, max_iter=200, gap=0.0, restart=False).solve(y, operator, trace=numbers)
    assert solution.iterates is not None
    constant = 2 * 1.02 * operator.norm().square() * best.square().sum(1)
    for k, x in zip(numbers, solution.iterates, strict=True):
        excess = objective(operator, y, x) - objective(operator, y, best)
        assert (excess <= constant / (k + 1) ** 2 + 1e-12).all()


@pytest.mark.parametrize("restart", [False, True])
def test_fista_reaches_the_lasso_optimum(restart: bool) -> None:
    y, operator = problem(per_item=True)
    best = objective(operator, y, Lasso("pixel", LAM, gap=1e-12).solve(y, operator).x)
    solution = FISTA(LAM, max_iter=20_000, gap=1e-8, restart=restart).solve(y, operator)
    assert solution.status == [Status.CONVERGED] * 3
    assert (objective(operator, y, solution.x) <= best * (1 + 1e-8)).all()


def test_first_step_is_a_soft_threshold_of_the_gradient_step() -> None:
    y, operator = problem()
    step = 1 / (1.02 * operator.norm().square())
    expected = torch.nn.functional.softshrink(step * operator.adjoint(y), float(step * LAM))
    torch.testing.assert_close(FISTA(LAM, max_iter=1).solve(y, operator).x, expected)


def test_an_item_alone_is_as_in_a_batch() -> None:
    y, operator = problem(per_item=True)
    together = FISTA(LAM).solve(y, operator).x
    alone = FISTA(LAM).solve(y[1:2], operator.take([1])).x
    torch.testing.assert_close(alone[0], together[1], rtol=0, atol=1e-8)


@pytest.mark.parametrize("settings", [{"lam": -1.0}, {"max_iter": 0}, {"gap": math.inf}, {"lam_unit": "per cent"}])
def test_impossible_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        FISTA(**settings)
