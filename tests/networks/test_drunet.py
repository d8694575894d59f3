import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.networks import DRUNet
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")
SMALL = {"channels": (3, 5), "n_blocks": 1}


def images(*shape: int) -> Tensor:
    return torch.rand(shape, generator=generator(1), dtype=torch.float64)


@pytest.mark.parametrize(("in_channels", "weights"), [(1, 32_638_656), (3, 32_640_960)])
def test_published_network_has_the_published_number_of_weights(in_channels: int, weights: int) -> None:
    with torch.device("meta"):
        network = DRUNet(in_channels)
    blocks = 4 * 2 * 9 * (2 * (64**2 + 128**2 + 256**2) + 512**2)
    between = 2 * 4 * (64 * 128 + 128 * 256 + 256 * 512)
    ends = 9 * 64 * (in_channels + 1) + 9 * 64 * in_channels
    assert sum(p.numel() for p in network.parameters()) == blocks + between + ends == weights


@pytest.mark.parametrize("shuffle", [1, 2])
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("c", [1e-3, 40.0])
def test_is_homogeneous_in_image_and_noise_level(shuffle: int, in_channels: int, c: float) -> None:
    network = DRUNet(in_channels, **SMALL, shuffle=shuffle).double()
    x, sigma = images(2, in_channels, 10, 7), torch.tensor([0.1, 2.0], dtype=torch.float64)
    torch.testing.assert_close(network(c * x, c * sigma), c * network(x, sigma), rtol=1e-9, atol=0)


def test_is_the_network_of_the_paper_written_out() -> None:
    network = DRUNet(**SMALL).double()
    w = dict(network.named_parameters())
    x, sigma = images(2, 1, 6, 8), torch.tensor([0.1, 0.3], dtype=torch.float64)

    def block(features: Tensor, name: str) -> Tensor:
        first, second = (w[f"scales.{name}.0.residual.{i}.weight"] for i in (0, 2))
        return features + F.conv2d(F.conv2d(features, first, padding=1).relu(), second, padding=1)

    told = torch.cat([x, sigma.view(2, 1, 1, 1) + 0 * x], 1)
    x1 = F.conv2d(told, w["head.weight"], padding=1)
    x2 = F.conv2d(block(x1, "down"), w["scales.reduce.weight"], stride=2)
    body = block(x2, "coarser.down")
    up = block(F.conv_transpose2d(body + x2, w["scales.enlarge.weight"], stride=2), "up")
    expected = F.conv2d(up + x1, w["tail.weight"], padding=1)
    torch.testing.assert_close(network(x, sigma), expected)


@pytest.mark.parametrize("shuffle", [1, 2, 3])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 13), (12, 12), (11, 6)])
def test_any_size_is_continued_by_its_last_row_and_column(shuffle: int, height: int, width: int) -> None:
    network = DRUNet(**SMALL, shuffle=shuffle).double()
    x, sigma = images(1, 1, height, width), torch.tensor([0.2], dtype=torch.float64)
    multiple = 2 * shuffle
    rows, columns = (torch.arange(-(-side // multiple) * multiple).clamp(max=side - 1) for side in (height, width))
    expected = network(x[..., rows, :][..., columns], sigma)[..., :height, :width]
    torch.testing.assert_close(network(x, sigma), expected)


def test_sees_sigma_and_no_other_item() -> None:
    network = DRUNet(**SMALL).double()
    x, sigma = images(2, 1, 8, 8), torch.tensor([0.1, 0.3], dtype=torch.float64)
    both = network(x, sigma)
    for i in range(2):
        torch.testing.assert_close(network(x[i : i + 1], sigma[i : i + 1])[0], both[i])
    assert not torch.allclose(network(x, sigma.flip(0)), both)


@pytest.mark.parametrize("wrong", [{"in_channels": 0}, {"channels": ()}, {"n_blocks": 0}, {"shuffle": 0}])
def test_impossible_settings_are_refused_by_name(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is .*, expected at least 1"):
        DRUNet(**wrong)
