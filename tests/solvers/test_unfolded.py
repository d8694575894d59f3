"""Trained unfolded networks as solvers."""

import pytest
import torch
from problems import benchmark_vector, sparse_vector

from lit_inverse.checkpoints import SHIPPED
from lit_inverse.networks import AdaLISTA
from lit_inverse.operators import Gaussian, Magnitude
from lit_inverse.solvers import Status, Unfolded


@pytest.mark.parametrize(("name", "decibel"), [("alista", -65), ("hyperlista", -80)])
def test_shipped_networks_reach_their_errors_on_other_signals(name: str, decibel: float) -> None:
    problem = benchmark_vector()
    solution = Unfolded(SHIPPED / f"{name}.pt").solve(problem.y, problem.operator)
    error = 10 * ((solution.x - problem.x).square().sum() / problem.x.square().sum()).log10()
    assert error < decibel
    assert solution.status == [Status.MAX_ITER] * 3
    assert solution.n_iter.tolist() == [16, 16, 16]


def test_iterates_and_residuals_are_those_of_the_layers() -> None:
    problem = benchmark_vector()
    solver = Unfolded()
    solution = solver.solve(problem.y, problem.operator, trace=[0, 3, 16])
    layers = solver.network.double().iterates(problem.y, problem.operator)
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[0], torch.zeros_like(problem.x))
    torch.testing.assert_close(solution.iterates[1], layers[2].detach())
    torch.testing.assert_close(solution.x, layers[-1].detach())
    residual = (problem.operator(layers[4]) - problem.y).norm(dim=1) / problem.y.norm(dim=1)
    torch.testing.assert_close(solution.history["residual"][4], residual.detach())
    assert Unfolded(max_iter=5).solve(problem.y, problem.operator).n_iter.tolist() == [5, 5, 5]


def test_another_a_is_refused_before_anything_is_solved() -> None:
    y = torch.zeros(1, 250)
    with pytest.raises(ValueError, match="this ALISTA was trained for another A"):
        Unfolded().solve(y, Gaussian((500,), 250, 1, columns="unit"))
    with pytest.raises(ValueError, match="A is 20 x 40, this ALISTA was made for 250 x 500"):
        Unfolded().check_all(Gaussian((40,), 20, 0), None)
    with pytest.raises(ValueError, match="Magnitude is not linear"):
        Unfolded().solve(y, Magnitude(Gaussian((500,), 250, 1)))


def test_ada_lista_takes_one_a_per_item() -> None:
    problem = sparse_vector()
    network = AdaLISTA(20, 40, 8)
    network.initialize(problem.operator)  # type: ignore[arg-type]
    together = Unfolded(network).solve(problem.y, problem.operator)
    for i in range(3):
        alone = Unfolded(network).solve(problem.y[i : i + 1], problem.operator.take([i]))
        torch.testing.assert_close(alone.x, together.x[i : i + 1])


def test_a_checkpoint_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="holds a VAE, expected an unfolded network"):
        Unfolded(SHIPPED / "vae_digits.pt")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        Unfolded(SHIPPED / "none.pt")
