import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.networks import UNet
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


def images(*shape: int) -> Tensor:
    return torch.rand(shape, generator=generator(1), dtype=torch.float64)


@pytest.mark.parametrize(("width", "weights"), [(32, 7_756_097), (64, 31_023_745)])
def test_published_networks_have_the_published_number_of_weights(width: int, weights: int) -> None:
    with torch.device("meta"):
        network = UNet(width=width)
    widths = [width * 2**level for level in range(5)]
    down = sum(9 * (a * b + b * b) for a, b in zip([1, *widths], widths, strict=False))
    up = sum(4 * 2 * c * c + 9 * (2 * c * c + c * c) for c in widths[:-1])
    assert sum(p.numel() for p in network.parameters()) == down + up + width + 1 == weights


@pytest.mark.parametrize("size", [(8, 10), (9, 10), (9, 13), (4, 8)])
def test_is_the_network_of_the_paper_written_out(size: tuple[int, int]) -> None:
    network = UNet(2, 3, width=4, depth=2).double()
    w = dict(network.named_parameters())
    x = images(2, 2, *size)

    def normalized(features: Tensor) -> Tensor:
        mean = features.mean((2, 3), keepdim=True)
        variance = (features - mean).square().mean((2, 3), keepdim=True)
        return F.leaky_relu((features - mean) / (variance + 1e-5).sqrt(), 0.2)

    def twice(features: Tensor, name: str) -> Tensor:
        for i in (0, 3):
            features = normalized(F.conv2d(features, w[f"levels.{name}.{i}.weight"], padding=1))
        return features

    def joined(coarse: Tensor, fine: Tensor, name: str) -> Tensor:
        coarse = normalized(F.conv_transpose2d(coarse, w[f"levels.{name}enlarge.0.weight"], stride=2))
        for axis in (2, 3):
            if coarse.shape[axis] < fine.shape[axis]:  # a row or column is missing: that before the last comes again
                coarse = torch.cat([coarse, coarse.narrow(axis, coarse.shape[axis] - 2, 1)], axis)
        return twice(torch.cat([coarse, fine], 1), f"{name}up")

    x_1 = twice(x, "down")
    x_2 = twice(F.avg_pool2d(x_1, 2), "below.down")
    x_3 = twice(F.avg_pool2d(x_2, 2), "below.below.down")
    up = joined(joined(x_3, x_2, "below."), x_1, "")
    expected = F.conv2d(up, w["last.weight"], w["last.bias"])
    torch.testing.assert_close(network(x), expected)


def test_an_image_alone_is_as_in_a_batch() -> None:
    network, x = UNet(width=2, depth=2).double(), images(3, 1, 12, 9)
    torch.testing.assert_close(network(x)[1:2], network(x[1:2]))


@pytest.mark.parametrize("size", [(7, 40), (8, 15)])
def test_images_too_small_for_the_depth_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"images are {size[0]} x {size[1]}, expected at least 8 x 16 for depth 3"):
        UNet(width=2, depth=3)(torch.zeros(1, 1, *size))


@pytest.mark.parametrize("name", ["in_channels", "out_channels", "width", "depth"])
def test_impossible_numbers_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0, expected at least 1"):
        UNet(**{name: 0})
