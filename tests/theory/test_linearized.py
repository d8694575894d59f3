"""The linear model in closed form against its own descent, and against networks that are linear or wide."""

import pytest
import torch
from torch import Tensor, nn

from lit_inverse.networks import DeepDecoder, ReLUGenerator, TwoLayerGenerator
from lit_inverse.operators import CartesianFourier, Gaussian, Identity, LinearOperator
from lit_inverse.seeding import generator
from lit_inverse.theory.linearized import dynamics, tangent_kernel

N = 12


class Linear(nn.Module):
    """theta -> M theta + b: two blocks of weights of its own."""

    matrix: Tensor

    def __init__(self, n: int = N, p: int = 9) -> None:
        super().__init__()
        source = generator(0)
        self.register_buffer("matrix", torch.randn(n, p, generator=source, dtype=torch.float64))
        self.weights = nn.Parameter(torch.randn(p, generator=source, dtype=torch.float64))
        self.bias = nn.Parameter(torch.randn(n, generator=source, dtype=torch.float64))

    def forward(self, z: Tensor) -> Tensor:
        return (self.matrix @ self.weights + 0.1 * self.bias)[None]


def measured(operator: LinearOperator, seed: int = 1) -> Tensor:
    x = torch.randn(1, *operator.in_shape, generator=generator(seed), dtype=torch.float64)
    y: Tensor = operator(x)
    return y


def gaussian(m: int = 7) -> LinearOperator:
    return Gaussian((N,), m, 0).double()


@pytest.mark.parametrize("m", [1, 7, N])
@pytest.mark.parametrize("step", [1e-3, 0.015])
def test_a_network_linear_in_its_weights_is_predicted(m: int, step: float) -> None:
    found = dynamics(Linear(), torch.zeros(1, 0), gaussian(m), measured(gaussian(m)), step, 60)
    assert float(step * found.eigenvalues[-1]) < 2
    torch.testing.assert_close(found.linear.outputs, found.true.outputs, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(found.linear.fits, found.true.fits, rtol=1e-10, atol=1e-10)
    assert found.difference.shape == (61,)
    assert float(found.difference.max()) < 1e-10


def test_complex_measurements_of_real_signals_are_predicted() -> None:
    operator = CartesianFourier((1, 3, 4), 2.0, 0.5, seed=0).double()
    y = measured(operator)
    assert y.is_complex()
    found = dynamics(Linear(), torch.zeros(1, 0), operator.on_reals(), y, 0.02, 40)
    assert found.true.fits.shape == (41, *operator.out_shape)
    torch.testing.assert_close(found.linear.outputs, found.true.outputs, rtol=1e-10, atol=1e-10)
    errors = (found.true.fits - y).abs().square().flatten(1).sum(1)
    assert bool((errors[1:] < errors[:-1]).all())


def test_the_linear_model_is_its_own_descent_with_the_jacobian_of_autograd() -> None:
    network = ReLUGenerator((3, 8, N)).double()
    z, operator, step = torch.ones(1, 3, dtype=torch.float64), gaussian(), 0.05
    y = measured(operator)
    found = dynamics(network, z, operator, y, step, 30, chunk=5)
    names, weights = zip(*network.named_parameters(), strict=True)

    def g(*values: Tensor) -> Tensor:
        x: Tensor = torch.func.functional_call(network, dict(zip(names, values, strict=True)), (z,))
        return x[0]

    parts = torch.autograd.functional.jacobian(g, weights)
    jacobian = torch.cat([part.reshape(N, -1) for part in parts], 1)
    x, moved = network(z)[0].detach(), torch.zeros(jacobian.shape[1], dtype=torch.float64)
    for t in range(31):
        torch.testing.assert_close(found.linear.outputs[t], x + jacobian @ moved, rtol=1e-9, atol=1e-11)
        moved = moved - step * jacobian.T @ operator.adjoint(operator((x + jacobian @ moved)[None]) - y)[0]
    theta = {name: w.detach() for name, w in network.named_parameters()}
    kernel = tangent_kernel(lambda theta: g(*theta.values()), theta)
    torch.testing.assert_close(kernel, jacobian @ jacobian.T)


def test_true_iterates_are_those_of_sgd_and_the_network_is_left_alone(untouched_rng: object) -> None:
    network = TwoLayerGenerator((N,), 16, 2).double()
    before, operator = network.weight.detach().clone(), gaussian()
    y = measured(operator)
    found = dynamics(network, torch.empty(1, 0), operator, y, 0.5, 20)
    assert torch.equal(network.weight, before)
    optimizer = torch.optim.SGD(network.parameters(), 0.5)
    for x in found.true.outputs:
        torch.testing.assert_close(x, network(torch.empty(1, 0))[0])
        optimizer.zero_grad()
        torch.autograd.backward((operator(network(torch.empty(1, 0))) - y).square().sum() / 2)
        optimizer.step()
    torch.testing.assert_close(found.true.fits, operator(found.true.outputs))


def test_wide_networks_are_nearly_linear() -> None:
    """The distance falls about as one over the square root of the width."""
    operator, y = gaussian(), measured(gaussian())
    ends = []
    for width in (16, 128, 1024):
        network = TwoLayerGenerator((N,), width, 2, omega=float(y.norm()) / N**0.5).double()
        found = dynamics(network, torch.empty(1, 0), operator, y, 0.5, 100)
        ends.append(float(found.difference[-1]))
        assert float((found.true.fits[-1] - y[0]).norm()) < 0.1 * float(y.norm())
    assert ends[0] > 2 * ends[1] > 4 * ends[2]
    assert ends[2] < 0.1


def test_a_network_with_batch_norm_is_linear_at_first() -> None:
    network = DeepDecoder((1, 6, 8), width=6, depth=2).double()
    operator = Gaussian((1, 6, 8), 20, 0).double()
    z = network.draw_latent(generator(0))[None].double()
    first, second = (dynamics(network, z, operator, measured(operator), step, 1) for step in (1e-4, 1e-5))
    assert float(second.difference[1]) < 0.2 * float(first.difference[1]) < 0.02


def test_instance_norm_with_running_statistics_is_left_as_it_is() -> None:
    norm = nn.InstanceNorm1d(2, affine=True, track_running_stats=True).double()
    plain = nn.InstanceNorm1d(2, affine=True).double()
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    operator, z = Identity((8,)).double(), torch.randn(1, 2, 4, generator=generator(0), dtype=torch.float32).double()
    y = torch.ones(1, 8, dtype=torch.float64)
    found, expected = (dynamics(one, z, operator, y, 0.1, 3) for one in (norm, plain))
    torch.testing.assert_close(found.true.outputs, expected.true.outputs)
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_batch_norm_in_evaluation_mode_is_an_affine_map() -> None:
    network = nn.Sequential(nn.Linear(3, N, bias=False), nn.BatchNorm1d(N)).double().requires_grad_(False)
    network[0].requires_grad_(True)
    statistics = network[1]
    assert isinstance(statistics, nn.BatchNorm1d)
    assert statistics.running_mean is not None
    statistics.running_mean.fill_(0.3)
    z, y = torch.ones(1, 3, dtype=torch.float64), measured(gaussian())
    found = dynamics(network.eval(), z, gaussian(), y, 0.01, 20)
    torch.testing.assert_close(found.true.outputs[0], network(z)[0])
    assert float(found.difference.max()) < 1e-10
    with pytest.raises(ValueError, match=r"can not be applied to one z, \(1, 3\): .*or evaluation mode"):
        dynamics(network.train(), z, gaussian(), y, 0.01, 20)


def test_more_than_one_item_is_refused() -> None:
    y = measured(gaussian())
    with pytest.raises(ValueError, match="y has 2 items and z 1, expected one of each"):
        dynamics(Linear(), torch.zeros(1, 0), gaussian(), y.expand(2, -1), 0.1, 1)
    with pytest.raises(ValueError, match="y has shape"):
        dynamics(Linear(), torch.zeros(1, 0), gaussian(), y[:, 1:], 0.1, 1)
