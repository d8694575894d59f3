"""Trained reconstruction networks as solvers."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from lit_inverse.checkpoints import describe
from lit_inverse.networks import DnCNN, ReconstructionNetwork, UNetReconstruction, VarNet
from lit_inverse.operators import CartesianFourier, Gaussian, MultiCoil
from lit_inverse.seeding import generator
from lit_inverse.solvers import Solver, Status, Trained, ZeroFilled

NETWORKS = {
    "unet": lambda: UNetReconstruction(width=4, depth=2),
    "varnet": lambda: VarNet(2, 4, 2, 2, 2),
}
pytestmark = pytest.mark.usefixtures("untouched_rng")


def measured() -> tuple[Tensor, CartesianFourier]:
    x = torch.randn(3, 2, 16, 20, generator=generator(2), dtype=torch.complex128)
    operator = CartesianFourier((2, 16, 20), 3, 0.2, seed=[5, 6, 7]).double()
    return operator(x), operator


@pytest.mark.parametrize("name", NETWORKS)
def test_runs_the_network_of_a_checkpoint(name: str, tmp_path: Path) -> None:
    network = NETWORKS[name]()
    described = describe(network, network.settings)
    torch.save({"network": described, "state_dict": network.state_dict()}, tmp_path / "network.pt")
    y, operator = measured()
    solution = Trained(tmp_path / "network.pt").solve(y, operator, trace=[0, 1])
    assert torch.equal(solution.x, network.double()(y, operator).detach())
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[0], operator.adjoint(y))
    assert torch.equal(solution.iterates[1], solution.x)
    assert solution.status == [Status.MAX_ITER] * 3
    assert solution.n_iter.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", NETWORKS)
def test_an_item_alone_is_as_in_a_batch_and_the_network_stays_as_it_was(name: str) -> None:
    y, operator = measured()
    network = NETWORKS[name]().train()
    solver = Trained(network)
    together = solver.solve(y, operator).x
    for i in range(3):
        torch.testing.assert_close(solver.solve(y[i : i + 1], operator.take([i])).x[0], together[i], rtol=0, atol=1e-8)
    single = solver.solve(y.to(torch.complex64), operator.float()).x
    assert single.dtype == torch.complex64
    assert network.training
    assert {p.dtype for p in network.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["zero_filled", "unet"])
def test_numbers_of_iterations_are_on_the_device_of_y(name: str) -> None:
    y, operator = measured()
    solver: Solver = ZeroFilled() if name == "zero_filled" else Trained(NETWORKS[name]())
    with torch.device("meta"):  # another one, as the default
        assert solver.solve(y, operator).n_iter.device == y.device


def test_what_is_not_finite_is_the_zero_filled_image() -> None:
    y, operator = measured()
    network = NETWORKS["varnet"]()
    network.eta.data[0] = torch.nan
    solution = Trained(network).solve(y, operator)
    assert solution.status == [Status.DIVERGED] * 3
    torch.testing.assert_close(solution.x, operator.adjoint(y))


def test_other_networks_and_operators_are_refused() -> None:
    with pytest.raises(ValueError, match="checkpoint holds a DnCNN, expected a VarNet or UNetReconstruction"):
        Trained(DnCNN(depth=3, width=4))
    solver = Trained(NETWORKS["varnet"]())
    with pytest.raises(ValueError, match="A is Gaussian, expected Fourier or CartesianFourier"):
        solver.check_all(Gaussian((2, 16, 20), 9, 0), None)
    with pytest.raises(ValueError, match="A is MultiCoil, expected Fourier"):
        solver.check_all(
            MultiCoil(torch.ones(2, 16, 20, dtype=torch.complex64), torch.ones(16, 20, dtype=torch.bool)), None
        )
    with pytest.raises(ValueError, match="images are 4 x 4, expected at least 4 x 8"):
        solver.check_all(CartesianFourier((2, 4, 4), 2), None)
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint gone.pt"):
        Trained("gone.pt")


def test_networks_say_how_to_build_them_anew() -> None:
    for build in NETWORKS.values():
        network = build()
        assert isinstance(network, ReconstructionNetwork)
        again = type(network)(**network.settings)
        assert [p.shape for p in again.parameters()] == [p.shape for p in network.parameters()]
