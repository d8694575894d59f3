"""Trained unfolded networks as solvers."""

import copy

import pytest
import torch
from problems import benchmark_vector, sparse_vector

from datamodules import SparseSignalsDataModule
from lit_inverse.checkpoints import SHIPPED
from lit_inverse.networks import ALISTA, LAMP, LVAMP, AdaLISTA, ConvLISTA, PhiNet, StepLISTA, UnfoldedNetwork
from lit_inverse.noise import SNR
from lit_inverse.operators import Gaussian, Magnitude, Matrix, SubsampledDCT
from lit_inverse.problem import Problem
from lit_inverse.solvers import Status, Unfolded


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("name", "decibel"), [("alista", -65), ("hyperlista", -80), ("lista", -15), ("step_lista", -8)]
)
def test_shipped_networks_reach_their_errors_on_other_signals(name: str, decibel: float, dtype: torch.dtype) -> None:
    problem = benchmark_vector()
    solution = Unfolded(SHIPPED / f"{name}.pt").solve(problem.y.to(dtype), copy.deepcopy(problem.operator).to(dtype))
    error = 10 * ((solution.x - problem.x).square().sum() / problem.x.square().sum()).log10()
    assert error < decibel
    assert solution.status == [Status.MAX_ITER] * 3
    assert solution.n_iter.tolist() == [16, 16, 16]


def test_iterates_and_residuals_are_those_of_the_layers() -> None:
    problem = benchmark_vector()
    solver = Unfolded()
    solution = solver.solve(problem.y, problem.operator, trace=[0, 3, 16])
    layers = solver.networks[0].double().iterates(problem.y, problem.operator)
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


@pytest.mark.parametrize(
    "network",
    [AdaLISTA(20, 40, 8), LAMP(20, 40, 8), LVAMP(None, 40, 8), StepLISTA(20, 40, 8), PhiNet(20, 40, 8)],
    ids=lambda network: type(network).__name__,
)
def test_networks_for_any_a_take_one_per_item(network: UnfoldedNetwork) -> None:
    problem = sparse_vector()
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


@pytest.mark.parametrize("network", [LVAMP(None, 40, 8), StepLISTA(20, 40, 8)], ids=lambda net: type(net).__name__)
@pytest.mark.parametrize("kind", ["repeated", "fast"])
def test_any_operator_with_one_a_per_item_is_taken(network: UnfoldedNetwork, kind: str) -> None:
    operator = (
        SubsampledDCT((40,), 20, [0, 0, 1, 1]) if kind == "fast" else Gaussian((40,), 20, [0, 1]).take([0, 0, 1, 1])
    )
    operator = operator.double()
    x = SparseSignalsDataModule(40, n_test=4).dataset("test").x.double()
    network.initialize(operator)
    y, solver = operator(x), Unfolded(network=network)
    together = solver.solve(y, operator).x
    for i in range(4):
        torch.testing.assert_close(solver.solve(y[i : i + 1], operator.take([i])).x, together[i : i + 1])


def test_numbers_of_layers_are_on_the_device_of_y() -> None:
    operator, solver = SubsampledDCT((40,), 20, [0, 1]), Unfolded(network=StepLISTA(20, 40, 8))
    y = operator(torch.ones(2, 40))
    with torch.device("meta"):  # another one, as the default
        assert solver.solve(y, operator).n_iter.device == y.device


@pytest.mark.parametrize("m", [39, 40, 41, 60])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lvamp_solves_what_is_as_good_as_square(m: int, dtype: torch.dtype) -> None:
    x = SparseSignalsDataModule(40, n_test=20).dataset("test").x.to(dtype)
    operator = Gaussian((40,), m, 0, columns="unit", allow_overdetermined=True).to(dtype)
    solution = Unfolded(network=LVAMP(None, 40, 16)).solve(operator(x), operator)
    assert solution.status == [Status.MAX_ITER] * 20
    assert ((solution.x - x).norm() / x.norm()).item() < 1e-4


def test_what_says_too_much_or_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="there are a network and a checkpoint"):
        Unfolded(SHIPPED / "alista.pt", network=LVAMP(None))
    with pytest.raises(ValueError, match="value ranges of none"):
        Unfolded([])
    with pytest.raises(ValueError, match="value ranges None, .0.0, 1.0."):
        Unfolded([LVAMP(None, 784), ConvLISTA()])
    with pytest.raises(ValueError, match="there is one A per item.*operator_per: sweep"):
        Unfolded().check_all(Gaussian((500,), 250, [0, 1], columns="unit"), None)


def test_of_several_checkpoints_the_one_that_fits_is_taken() -> None:
    problem, other = benchmark_vector(), ALISTA(20, 40, 4)
    other.initialize(Gaussian((40,), 20, 0, columns="unit"))
    solver = Unfolded([other, SHIPPED / "alista.pt"])
    expected = Unfolded(SHIPPED / "alista.pt").solve(problem.y, problem.operator).x
    assert torch.equal(solver.solve(problem.y, problem.operator).x, expected)
    with pytest.raises(ValueError, match="of 2 checkpoints none is for this A, the first because A is 30 x 40"):
        solver.check_all(Gaussian((40,), 30, 0), None)


def test_results_of_real_signals_are_stored_under_the_network_that_solves_them() -> None:
    """Which of several it is does not depend on whether A is told that signals are real."""
    entries = torch.randn(10, 40, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    solver, operator = Unfolded([StepLISTA(10, 40, 2), StepLISTA(20, 40, 2)]), Matrix(entries)
    settings = {"checkpoint": ["for 10 real numbers", "for 10 complex numbers"], "level": 3}
    for told in (operator, operator.on_reals()):
        assert solver.determining(settings, told) == {"checkpoint": "for 10 complex numbers", "level": 3}


@pytest.mark.parametrize(("kappa", "snr"), [(None, 40.0), (None, 20.0), (50.0, 40.0)])
def test_lvamp_without_training_comes_near_least_squares_on_the_true_support(kappa: float | None, snr: float) -> None:
    x = SparseSignalsDataModule(n_test=200).dataset("test").x.double()
    operator = Gaussian((500,), 250, 7, columns="unit", kappa=kappa).double()
    y, sigma = Problem(operator, SNR(snr)).simulate(x, list(range(200)))
    x_hat = Unfolded(network=LVAMP(None, 500, 16)).solve(y, operator, sigma=sigma).x
    told = [torch.linalg.lstsq(operator.matrix[:, row != 0], yi).solution for row, yi in zip(x, y, strict=True)]
    least = sum((solution - row[row != 0]).square().sum() for solution, row in zip(told, x, strict=True))
    assert float(10 * ((x_hat - x).square().sum() / least).log10()) < 3


def test_lamp_follows_its_state_evolution() -> None:
    """The error of each layer is that of the posterior mean in noise of the variance of the layer before's error."""
    n, m = 8000, 4000
    x = SparseSignalsDataModule(n, n_test=4).dataset("test").x.double()
    operator = Gaussian((n,), m, 3).double()
    network = LAMP(None, n, 8).double()
    source = torch.Generator().manual_seed(0)
    variance, expected = x.square().mean() * n / m, []
    for t in range(8):
        eta = torch.randn(x.shape, generator=source, dtype=torch.float64)
        x_hat, _ = network.eta(x + variance.sqrt() * eta, variance.expand(len(x), 1), t)
        expected.append((x_hat - x).square().mean())
        variance = expected[-1] * n / m
    with torch.no_grad():
        found = [(x_hat - x).square().mean() for x_hat in network.iterates(operator(x), operator)]
    torch.testing.assert_close(torch.stack(found), torch.stack(expected), rtol=0.25, atol=0)


@pytest.mark.parametrize("name", ["alista", "hyperlista", "lista", "step_lista"])
def test_no_signal_is_found_in_no_measurements(name: str) -> None:
    problem = benchmark_vector()
    solution = Unfolded(SHIPPED / f"{name}.pt").solve(torch.zeros_like(problem.y), problem.operator)
    assert not solution.x.any()
    assert solution.status == [Status.MAX_ITER] * 3


@pytest.mark.parametrize("network", [LAMP(None, 500), LVAMP(None, 500)], ids=lambda network: type(network).__name__)
def test_passed_messages_find_no_signal_in_no_measurements(network: UnfoldedNetwork) -> None:
    problem = benchmark_vector()
    operator, y = problem.operator.float(), torch.zeros(3, 250)
    solution = Unfolded(network=network).solve(y, operator)
    assert not solution.x.any()
    assert solution.status == [Status.MAX_ITER] * 3


def test_a_network_bound_to_one_a_needs_its_checkpoint() -> None:
    with pytest.raises(ValueError, match="network is a ALISTA, which belongs to one A: give its checkpoint"):
        Unfolded(network=ALISTA(20, 40, 4))
