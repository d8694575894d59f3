"""What every solver of configs/solvers must do, whatever it is."""

import copy
import functools
import os
from abc import ABCMeta
from pathlib import Path

import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from problems import PROBLEM_OF, SEEDS, SmallProblem
from torch import Tensor

from lit_inverse import solvers
from lit_inverse.solvers import Solution, Solver, Status
from lit_inverse.solvers.inner import limited

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "solvers"
SMALL = {"width": 4, "depth": 2, "n_frequencies": 4}
SMALL |= {"channels_down": (4,), "channels_up": (4,), "channels_skip": (2,), "input_depth": 2}
NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
WITHOUT_SETTINGS = {"Trained"}  # networks for k-space are not shipped; see test_trained.py


@functools.cache
def problem_of(name: str) -> SmallProblem:
    return PROBLEM_OF[name]()


def build(name: str, max_iter: int = 5) -> Solver:
    """The solver of a settings file, cut to a few iterations, at most 2 restarts and narrow networks."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Solver, "solver")
    path = os.path.relpath(CONFIGS / f"{name}.yaml")
    config = parser.parse_args(["--solver", path])
    settings = config.solver.get("init_args", {})
    for setting, value in {"max_iter": max_iter, "n_restarts": 2}.items():
        if setting in settings:
            settings[setting] = value
    if settings.get("network"):
        network = settings.network.init_args
        for size in SMALL.keys() & vars(network).keys():
            network[size] = SMALL[size]
    return parser.instantiate(config).solver


def solve(solver: Solver, problem: SmallProblem, items: list[int] | None = None, **others: object) -> Solution:
    items = list(range(len(problem.y))) if items is None else items
    arguments = {"sigma": problem.sigma, "value_range": problem.value_range, "seeds": [SEEDS[i] for i in items]}
    return solver.solve(problem.y[items], problem.operator.take(items), **{**arguments, **others})


def single(y: Tensor) -> Tensor:
    return y.to(torch.complex64 if y.is_complex() else torch.float32)


def test_every_settings_file_has_its_problem_and_every_problem_its_file() -> None:
    assert sorted(PROBLEM_OF) == NAMES


def test_every_solver_has_a_settings_file() -> None:
    named = {yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())["class_path"].rpartition(".")[2] for name in NAMES}
    public = {name for name in solvers.__all__ if isinstance(getattr(solvers, name), ABCMeta)} - {"Solver"}
    assert named == public - WITHOUT_SETTINGS


@pytest.mark.parametrize("name", NAMES)
class TestEverySolver:
    def test_answers_have_the_shape_dtype_and_range_of_x(self, name: str) -> None:
        problem = problem_of(name)
        solution = solve(build(name), problem, trace=[0, 3])
        assert solution.x.shape == problem.x.shape
        assert solution.x.dtype == problem.y.dtype
        assert torch.isfinite(solution.x).all()
        assert len(solution.status) == 3
        assert all(isinstance(status, Status) for status in solution.status)
        assert solution.n_iter.shape == (3,)
        assert not solution.n_iter.is_floating_point()
        assert not solution.x.requires_grad
        assert solution.iterates is not None
        assert solution.iterates.shape == (2, *problem.x.shape)
        assert all(values.shape[1:] == (3,) for values in solution.history.values())

    def test_same_input_same_answer_and_no_state_between_calls(self, name: str) -> None:
        problem, solver = problem_of(name), build(name)
        first = solve(solver, problem).x
        solve(solver, problem, [2, 1], seeds=[7, 8])
        assert torch.equal(solve(solver, problem).x, first)
        assert torch.equal(solve(build(name), problem).x, first)

    def test_an_item_alone_is_as_in_a_batch(self, name: str) -> None:
        problem, solver = problem_of(name), build(name)
        together = solve(solver, problem).x
        for item in range(3):
            torch.testing.assert_close(solve(solver, problem, [item]).x[0], together[item], rtol=0, atol=1e-8)

    def test_float32_is_answered_in_float32(self, name: str) -> None:
        problem = problem_of(name)
        operator = copy.deepcopy(problem.operator).float()
        solution = build(name).solve(
            single(problem.y), operator, value_range=problem.value_range, seeds=SEEDS, trace=[1]
        )
        assert solution.iterates is not None
        assert solution.x.dtype == solution.iterates.dtype == single(problem.y).dtype

    def test_inputs_and_global_random_state_are_left_alone(self, name: str, untouched_rng: None) -> None:
        problem = problem_of(name)
        y, entries = problem.y.clone(), [buffer.clone() for buffer in problem.operator.buffers()]
        solve(build(name), problem)
        assert torch.equal(problem.y, y)
        assert all(torch.equal(a, b) for a, b in zip(problem.operator.buffers(), entries, strict=True))
        assert all(buffer.grad is None for buffer in problem.operator.buffers())

    def test_limited_to_an_iteration_it_answers_as_one_built_for_it(self, name: str) -> None:
        problem = problem_of(name)
        found, expected = (solve(one, problem) for one in (limited(build(name, 15), 1), build(name, 1)))
        assert torch.equal(found.x, expected.x)
        assert torch.equal(found.n_iter, expected.n_iter)
        assert found.status == expected.status

    def test_works_for_callers_in_inference_mode(self, name: str) -> None:
        problem = problem_of(name)
        expected = solve(build(name), problem).x
        with torch.inference_mode():
            torch.testing.assert_close(solve(build(name), problem).x, expected, rtol=0, atol=1e-8)

    def test_values_in_another_range_give_the_same_picture(self, name: str) -> None:
        problem, solver = problem_of(name), build(name)
        if solver.range_for(problem.operator) is None:
            pytest.skip("works in any range")
        assert problem.value_range is not None
        low, high = problem.value_range
        a, b = 3.0, -5.0  # x'' = a x + b
        shift = torch.full_like(problem.x, b)
        moved = SmallProblem(
            x=a * problem.x + b,
            y=a * problem.y + problem.operator(shift),
            operator=problem.operator,
            sigma=a * problem.sigma,
            value_range=(a * low + b, a * high + b),
        )
        torch.testing.assert_close(solve(solver, moved).x, a * solve(solver, problem).x + b, rtol=0, atol=1e-6)

    @pytest.mark.parametrize("bad", [torch.nan, torch.inf])
    def test_y_that_is_not_finite_is_refused(self, name: str, bad: float) -> None:
        problem = problem_of(name)
        y = problem.y.clone()
        y[1, 0] = bad
        with pytest.raises(ValueError, match="not finite"):
            build(name).solve(y, problem.operator)

    def test_y_of_another_shape_dtype_or_precision_is_refused(self, name: str) -> None:
        problem, solver = problem_of(name), build(name)
        with pytest.raises(ValueError, match="y has shape .* expected .*was A drawn for another m"):
            solver.solve(problem.y[:, :-1], problem.operator)
        with pytest.raises(ValueError, match="y has dtype torch.int64"):
            solver.solve(problem.y.real.long(), problem.operator)
        if any(buffer.is_floating_point() for buffer in problem.operator.buffers()):  # masks alone have no precision
            with pytest.raises(ValueError, match="bring A to y's precision"):
                solver.solve(single(problem.y), problem.operator)

    def test_impossible_arguments_are_refused(self, name: str) -> None:
        problem, solver = problem_of(name), build(name)
        with pytest.raises(ValueError, match="got 2 seeds for 3 items"):
            solve(solver, problem, seeds=[1, 2])
        with pytest.raises(ValueError, match="sigma is .* expected finite numbers >= 0"):
            solve(solver, problem, sigma=-1.0)
        with pytest.raises(ValueError, match="low < high"):
            solve(solver, problem, value_range=(1.0, 0.0))
        with pytest.raises(ValueError, match="expected iteration numbers >= 0"):
            solve(solver, problem, trace=[-1])
