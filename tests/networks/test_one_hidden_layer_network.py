"""V ReLU(W z) against its formula, its laws and its Jacobian."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from lit_inverse.checkpoints import describe, load_network
from lit_inverse.networks import OneHiddenLayer
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import generator


def test_images_are_those_of_the_formula_and_only_the_inner_weights_are_fitted() -> None:
    network = OneHiddenLayer(3, 7, (2, 5))
    z = torch.randn(4, 3, generator=generator(0), dtype=torch.float32)
    expected = [network.outer @ (network.inner @ one).clamp(min=0) for one in z]
    torch.testing.assert_close(network(z), torch.stack(expected).view(4, 2, 5))
    assert [name for name, _ in network.named_parameters()] == ["inner"]


def test_weights_are_gaussian_and_the_first_output_is_of_the_given_size() -> None:
    sizes = []
    for seed in range(20):
        network = OneHiddenLayer(5, 2000, (300,), scale=3.0, seed=seed)
        z = network.draw_latent(generator(seed))[None]
        assert float(z.norm()) == pytest.approx(1)
        assert float(network.inner.detach().std()) == pytest.approx(1, rel=0.03)
        assert float(network.outer.std()) == pytest.approx(3 / math.sqrt(300 * 2000), rel=0.03)
        sizes.append(float(network(z).norm()))
    assert sum(size**2 for size in sizes) / len(sizes) == pytest.approx(9 / 2, rel=0.1)


def test_the_dimension_of_z_has_no_influence_on_the_descent() -> None:
    network, narrow = (OneHiddenLayer(k, 40, (6,), seed=1).double() for k in (5, 1))
    z = network.draw_latent(generator(2))[None].double()
    with torch.no_grad():
        narrow.outer.copy_(network.outer)
        narrow.inner.copy_(network.inner @ z.T)
    optimizers = [torch.optim.SGD(one.parameters(), 2.0) for one in (network, narrow)]
    for _ in range(20):
        outputs = [network(z), narrow(torch.ones(1, 1, dtype=torch.float64))]
        torch.testing.assert_close(*outputs)
        for x, optimizer in zip(outputs, optimizers, strict=True):
            optimizer.zero_grad()
            torch.autograd.backward((x - 1).square().sum() / 2)
            optimizer.step()


def test_seeds_decide_and_the_global_generator_is_left_alone(untouched_rng: object) -> None:
    first, second = OneHiddenLayer(2, 4, (3,)), OneHiddenLayer(2, 4, (3,), seed=1)
    assert not torch.equal(first.outer, second.outer)
    initialize(second, "torch", generator(0))
    assert torch.equal(first.outer, second.outer)
    assert torch.equal(first.inner, second.inner)


def test_a_checkpoint_keeps_the_weights_that_are_not_fitted(tmp_path: Path) -> None:
    network = OneHiddenLayer(2, 4, (3,), seed=5)
    init_args = {"latent_dim": 2, "width": 4, "out_shape": (3,)}
    torch.save({"network": describe(network, init_args), "state_dict": network.state_dict()}, tmp_path / "network.pt")
    z = torch.ones(1, 2)
    assert torch.equal(load_network(tmp_path / "network.pt")(z), network(z))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim is 0"),
        ({"width": 0}, "width is 0"),
        ({"out_shape": (3, 0)}, r"out_shape is \(3, 0\)"),
        ({"scale": 0.0}, "scale is 0.0"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OneHiddenLayer(**options)
