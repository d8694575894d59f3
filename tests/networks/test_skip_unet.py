"""The hourglass of the deep image prior: published sizes, and its structure written out."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.networks import SkipUNet
from lit_inverse.seeding import generator

LIBRARY = (16, 32, 64, 128, 128, 128)
JPEG = (8, 16, 32, 64, 128)
PUBLISHED: list[tuple[dict[str, Any], int]] = [
    ({}, 2_217_831),
    ({"channels_skip": (128,) * 5, "upsample": "nearest"}, 3_002_627),
    ({"channels_skip": (0,) * 5, "upsample": "nearest", "meshgrid": True}, 2_157_955),
    (
        {
            "channels_down": LIBRARY,
            "channels_up": LIBRARY,
            "channels_skip": (0,) * 6,
            "kernel_down": 5,
            "upsample": "nearest",
            "pixelwise": False,
            "input_depth": 1,
        },
        2_996_467,
    ),
    ({"channels_down": JPEG, "channels_up": JPEG, "channels_skip": (0, 0, 0, 4, 4), "input_depth": 3}, 572_827),
]


@pytest.mark.parametrize(("settings", "n_weights"), PUBLISHED)
def test_has_the_number_of_weights_of_the_authors_settings(settings: dict[str, Any], n_weights: int) -> None:
    assert sum(p.numel() for p in SkipUNet((3, 256, 256), **settings).parameters()) == n_weights


def _written_out(weights: Iterator[Tensor], x: Tensor, padding: str, upsample: str) -> Tensor:
    """Two levels with skips and a 1 x 1 convolution on the way up, as one sequence of operations."""

    def norm(x: Tensor) -> Tensor:
        x = x - x.mean((0, 2, 3), keepdim=True)
        x = x / (x.square().mean((0, 2, 3), keepdim=True) + 1e-5).sqrt()
        return x * next(weights)[:, None, None] + next(weights)[:, None, None]

    def block(x: Tensor, stride: int = 1) -> Tensor:
        kernel, bias = next(weights), next(weights)
        x = F.pad(x, (kernel.shape[-1] // 2,) * 4, mode=padding)
        return F.leaky_relu(norm(F.conv2d(x, kernel, bias, stride)), 0.2)

    def up(skip: Tensor, below: Tensor) -> Tensor:
        joined = torch.cat([skip, F.interpolate(below, size=[2 * n for n in below.shape[2:]], mode=upsample)], 1)
        return block(block(norm(joined)))

    skip = block(x)
    below = block(block(x, stride=2))
    skip_below = block(below)
    below = up(skip_below, block(block(below, stride=2)))
    x = up(skip, below)
    return F.conv2d(x, next(weights), next(weights)).sigmoid()


@pytest.mark.parametrize(("padding", "mode"), [("reflection", "reflect"), ("zero", "constant")])
@pytest.mark.parametrize("upsample", ["bilinear", "nearest"])
def test_is_the_published_sequence_of_operations(padding: Any, mode: str, upsample: Any) -> None:
    network = SkipUNet((3, 16, 24), (5, 6), (7, 8), (2, 3), input_depth=4, upsample=upsample, padding=padding).double()
    z = torch.randn(1, 4, 16, 24, generator=generator(1), dtype=torch.float64)
    weights = iter(network.parameters())
    torch.testing.assert_close(network(z), _written_out(weights, z, mode, upsample))
    assert next(weights, None) is None


def test_input_is_small_and_uniform_or_the_coordinates() -> None:
    z = SkipUNet((3, 64, 64)).draw_latent(generator(0))
    assert z.shape == (32, 64, 64)
    assert 0 <= z.min() <= z.max() <= 0.1
    assert float(z.std()) == pytest.approx(0.1 / 12**0.5, rel=0.01)
    x, y = SkipUNet((3, 3, 5), meshgrid=True).draw_latent(generator(0))
    assert x.tolist() == [[0, 0.25, 0.5, 0.75, 1]] * 3
    assert y.T.tolist() == [[0, 0.5, 1]] * 5


@pytest.mark.parametrize(
    ("shape", "kernel", "levels"), [((1, 28, 28), 3, 4), ((1, 28, 28), 5, 3), ((1, 3, 99), 3, 1), ((1, 33, 33), 3, 5)]
)
def test_small_images_have_fewer_levels(shape: tuple[int, ...], kernel: int, levels: int) -> None:
    network = SkipUNet(shape, (2,) * 5, (2,) * 5, (1,) * 5, kernel_down=kernel)
    assert sum(type(module).__name__ == "_Level" for module in network.modules()) == levels
    assert network(network.draw_latent(generator(0))[None]).shape == (1, *shape)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out_shape": (1, 2, 40)}, "expected a larger image"),
        ({"channels_up": (3, 4)}, "have 5, 2 and 5 levels"),
        ({"channels_skip": (-1,) * 5}, "channels_skip is .*expected at least 0"),
        ({"kernel_up": 4}, "expected odd numbers"),
        ({"upsample": "bicubic"}, "upsample is 'bicubic'"),
        ({"padding": "circular"}, "padding 'circular'"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SkipUNet(**{"out_shape": (1, 64, 64), **options})
