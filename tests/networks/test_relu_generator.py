from pathlib import Path

import numpy as np
import pytest
import torch

from lit_inverse.checkpoints import describe, load_network
from lit_inverse.networks import VAE, DCGANGenerator, GANGenerator, ImageGenerator, ReLUGenerator
from lit_inverse.seeding import generator


def test_is_the_product_and_relu_of_its_weights() -> None:
    network = ReLUGenerator((3, 8, 5), seed=4)
    z = torch.randn(2, 3, generator=generator(0))
    x = z.numpy()
    for weight in network.parameters():
        x = np.maximum(x @ weight.detach().numpy().T, 0)
    np.testing.assert_allclose(network(z).detach(), x, rtol=1e-5)


@pytest.mark.parametrize(("scale", "gain"), [("he", 2.0), ("unit", 1.0)])
def test_weights_are_gaussian_of_variance_gain_over_width(scale: str, gain: float) -> None:
    for weight in ReLUGenerator((40, 300, 200), scale=scale).parameters():  # type: ignore[arg-type]
        assert weight.std().item() == pytest.approx((gain / len(weight)) ** 0.5, rel=0.03)
        assert abs(weight.mean().item()) < 4 * weight.std().item() / weight.numel() ** 0.5


def test_lengths_are_kept_or_halved_in_the_square_by_each_layer() -> None:
    z = torch.randn(2000, 10, generator=generator(1))
    for scale, ratio in (("he", 1.0), ("unit", 2.0**-3)):
        networks = [ReLUGenerator((10, 400, 400, 400), seed=seed, scale=scale) for seed in range(5)]  # type: ignore[arg-type]
        squares = torch.stack([network(z).square().sum(1).mean() for network in networks]) / z.square().sum(1).mean()
        assert squares.mean().item() == pytest.approx(ratio, rel=0.1)


def test_it_is_positively_homogeneous_and_contracts_where_told() -> None:
    network = ReLUGenerator((4, 30, 6), out_shape=(1, 2, 3)).double()
    z = torch.randn(3, 4, generator=generator(0)).double()
    assert network(z).shape == (3, 1, 2, 3)
    torch.testing.assert_close(network(2.5 * z), 2.5 * network(z))


def test_weights_are_those_of_the_seed_and_of_no_global_generator(untouched_rng: None) -> None:
    first, again, other = (ReLUGenerator((4, 30, 6), seed=seed) for seed in (1, 1, 2))
    pairs = list(zip(first.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(next(first.parameters()), next(other.parameters()))


def test_it_is_rebuilt_from_a_checkpoint(tmp_path: Path) -> None:
    network = ReLUGenerator((4, 30, 6), seed=5)
    content = {"network": describe(network, {"widths": [4, 30, 6]}), "state_dict": network.state_dict()}
    torch.save(content, tmp_path / "relu.pt")
    z = torch.randn(2, 4, generator=generator(0))
    assert torch.equal(load_network(tmp_path / "relu.pt")(z), network(z))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (4,)}, "widths are .* expected"),
        ({"widths": (4, 0)}, "widths is .* expected"),
        ({"out_shape": (7, 7)}, "out_shape is .* expected 200 entries"),
        ({"scale": "xavier"}, "scale is 'xavier', expected one of he, unit"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReLUGenerator(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "n_stages"),
    [
        (ReLUGenerator((4, 9, 7, 6), out_shape=(1, 2, 3)), 3),
        (VAE((1, 4, 5), 3, hidden=(7, 6)), 3),
        (DCGANGenerator((1, 28, 28), width=2), 5),
        (DCGANGenerator((2, 17, 31), latent_dim=5, width=2), 4),
        (GANGenerator((2, 17, 31), latent_dim=5, width=2), 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_stages_in_a_row_are_the_generator(network: ImageGenerator, n_stages: int) -> None:
    network.eval()
    z = h = torch.randn(3, *network.latent_shape, generator=generator(0))
    stages = network.stages()
    for stage in stages:
        h = stage(h)
    assert len(stages) == n_stages
    assert torch.equal(h, network(z))
