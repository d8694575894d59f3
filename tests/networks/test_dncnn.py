import pytest
import torch

from lit_inverse.networks import DnCNN
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


@pytest.mark.parametrize(("in_channels", "depth", "weights"), [(1, 17, 556_096), (1, 20, 667_072), (3, 20, 669_376)])
def test_published_networks_have_their_number_of_weights(in_channels: int, depth: int, weights: int) -> None:
    with torch.device("meta"):
        network = DnCNN(in_channels, depth)
    hidden = (depth - 2) * (9 * 64 * 64 + 2 * 64)
    expected = 9 * 64 * in_channels + 64 + hidden + 9 * 64 * in_channels
    assert sum(p.numel() for p in network.parameters()) == expected == weights


@pytest.mark.parametrize("tell_sigma", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (5, 12)])
def test_any_size_and_sigma_is_seen_only_if_told(tell_sigma: bool, shape: tuple[int, int]) -> None:
    network = DnCNN(2, 3, 4, tell_sigma).eval()
    x = torch.rand(2, 2, *shape, generator=generator(0))
    x_hat = network(x, torch.tensor([0.1, 0.2]))
    assert x_hat.shape == x.shape
    assert torch.equal(network(x, torch.tensor([0.2, 0.1])), x_hat) is not tell_sigma


def test_estimates_the_noise() -> None:
    network = DnCNN(1, 3, 4).eval()
    x, sigma = torch.rand(2, 1, 8, 8, generator=generator(0)), torch.tensor([0.1, 0.1])
    assert not torch.allclose(network(x, sigma), x)
    network.layers[-1].weight.data.zero_()
    assert torch.equal(network(x, sigma), x)


def test_sees_neighbours_as_far_as_its_depth() -> None:
    network = DnCNN(1, 5, 16).eval().double()
    x = torch.rand(1, 1, 21, 21, generator=generator(0), dtype=torch.float64).requires_grad_()
    network(x, x.new_zeros(1))[0, 0, 10, 10].backward()
    assert x.grad is not None
    rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
    assert (int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())) == (5, 15, 5, 15)


def test_impossible_settings_are_refused_by_name() -> None:
    for wrong in ({"in_channels": 0}, {"width": 0}, {"depth": 1}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"{name} is .*, expected at least"):
            DnCNN(**wrong)
