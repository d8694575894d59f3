"""Trajectories of followed cases."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from least_norm import LeastNorm

from evaluate import main
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.reference import Reference
from lit_inverse.evaluation.results import Results, read_rows
from lit_inverse.evaluation.trajectories import Trajectory, iterates_to_follow, trajectory
from lit_inverse.solvers import FISTA, Solution, Status


def case(index: int, repeat: int = 0) -> Case:
    return Case("key", "solver", index, f"test/{index}", 50, 0.0, repeat)


X = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
REFERENCE = Reference(X, None, None)


def test_iterates_of_the_first_image_are_followed_from_the_start_to_the_last() -> None:
    numbers = iterates_to_follow(FISTA(max_iter=300), X, followed=True)
    assert numbers[:4] == [0, 1, 2, 3]
    assert numbers[-1] == 300
    assert len(numbers) <= 26


@pytest.mark.parametrize("other", [case(1), case(0, repeat=1)])
def test_other_images_and_repeats_are_not_followed(other: Case) -> None:
    assert case(0).is_followed
    assert not other.is_followed
    assert iterates_to_follow(FISTA(max_iter=300), X, followed=False) == []


def test_a_solver_without_iterations_is_not_followed() -> None:
    assert iterates_to_follow(LeastNorm(), X, followed=True) == []


def test_iterates_that_would_need_much_memory_are_few() -> None:
    large = torch.zeros(1).expand(1 << 25, 1)  # 128 MiB as a batch
    assert iterates_to_follow(FISTA(max_iter=300), large, followed=True) == [0, 1, 300]


def solution(n_iter: int, history: dict[str, torch.Tensor]) -> Solution:
    iterates = torch.stack([X + 3, X + 2, X + 1, X])
    n = torch.tensor([n_iter, n_iter])
    return Solution(X + 0.5, [Status.MAX_ITER] * 2, n, history, iterates)


def test_a_trajectory_ends_with_the_reconstruction() -> None:
    found = trajectory(solution(7, {}), REFERENCE, 1, [0, 3, 7, 20])
    assert found.iterations == [0, 3, 7]
    assert found.mse == pytest.approx([9.0, 4.0, 0.25])
    assert (found.objective, found.steps, found.values) == (None, [], [])


def test_losses_are_numbered_from_one_and_gaps_as_the_solver_says() -> None:
    loss = trajectory(
        solution(2, {"loss": torch.tensor([[9.0, 8.0], [7.0, 6.0], [5.0, 4.0]])}), REFERENCE, 1, [0, 1, 2, 3]
    )
    assert (loss.objective, loss.steps, loss.values) == ("loss", [1, 2], [8.0, 6.0])
    gaps = {"gap": torch.tensor([[1.0, 0.5], [0.1, torch.nan]]), "iteration": torch.tensor([[5.0, 5.0], [10.0, 10.0]])}
    gap = trajectory(solution(20, gaps), REFERENCE, 0, [0, 1, 2, 3])
    assert (gap.objective, gap.steps, gap.values) == ("gap", [5, 10], pytest.approx([1.0, 0.1]))
    assert trajectory(solution(20, gaps), REFERENCE, 1, [0, 1, 2, 3]).steps == [5]


def test_a_trajectory_comes_back_from_the_folder(tmp_path: Path) -> None:
    found = trajectory(solution(7, {}), REFERENCE, 0, [0, 3, 7, 20])
    results = Results(tmp_path)
    results.keep_trajectory("key", asdict(found))
    assert Trajectory(**(results.trajectory("key") or {})) == found
    assert results.trajectory("other") is None


def test_following_changes_no_result(tmp_path: Path) -> None:
    """Cases of the first image, which are followed, end with the error of their line."""
    options = ["--limit", "2", "--measurements", "[50]", "--only", "[lasso_dct, csgm]", "--logger", "false"]
    options += ["--solvers.csgm.max_iter", "20", "--out", str(tmp_path)]
    assert main(options) == 0
    rows, results = list(read_rows(tmp_path).values()), Results(tmp_path)
    followed = [(row, Trajectory(**one)) for row in rows if (one := results.trajectory(row["key"])) is not None]
    assert [row["image"] for row, _ in followed] == ["test/0"] * 2
    for row, one in followed:
        assert one.mse[-1] == row["mse"]
        assert one.iterations[-1] == row["n_iter"]
        assert one.mse[0] > one.mse[-1]
