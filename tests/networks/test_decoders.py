"""The deep decoder and ConvDecoder: published sizes, and their structure written out."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks import ConvDecoder, DeepDecoder
from lit_inverse.networks.decoder_layers import decoder_sizes
from lit_inverse.seeding import generator

GREY, COLOUR = (1, 256, 256), (3, 512, 512)


@pytest.mark.parametrize(
    ("out_shape", "settings", "n_weights"),
    [
        (GREY, {}, 330_496),
        (GREY, {"width": 64}, 21_184),
        (COLOUR, {"width": 128, "last_noup": True}, 100_224),
        (COLOUR, {"width": 64, "last_noup": True}, 25_536),
    ],
)
def test_deep_decoder_has_the_published_number_of_weights(
    out_shape: tuple[int, ...], settings: dict[str, Any], n_weights: int
) -> None:
    assert sum(p.numel() for p in DeepDecoder(out_shape, **settings).parameters()) == n_weights


def test_conv_decoder_of_knees_has_its_published_sizes() -> None:
    network = ConvDecoder((30, 640, 368))
    assert sum(p.numel() for p in network.parameters()) == 8 * (9 * 256**2 + 2 * 256) + 256 * 30
    assert network.latent_shape == (256, 8, 4)
    assert sum(isinstance(module, nn.Upsample) for module in network.modules()) == 7


@pytest.mark.parametrize(
    ("in_size", "out_size", "depth", "heights"),
    [
        ((16, 16), (256, 256), 5, [28, 49, 85, 148, 256]),
        ((4, 9), (32, 9), 3, [8, 16, 32]),  # 4 (32 / 4)^(2/3) is 16.000000000000004 in floating point
        ((4, 4), (7, 7), 1, [7]),
        ((8, 8), (6, 6), 2, [7, 6]),
    ],
)
def test_sizes_grow_geometrically(
    in_size: tuple[int, int], out_size: tuple[int, int], depth: int, heights: list[int]
) -> None:
    sizes = decoder_sizes(in_size, out_size, depth)
    assert [height for height, _ in sizes] == heights
    assert sizes[-1] == out_size


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x = x - x.mean((0, 2, 3), keepdim=True)
    return x / (x.square().mean((0, 2, 3), keepdim=True) + 1e-5).sqrt() * weight[:, None, None] + bias[:, None, None]


@pytest.mark.parametrize("last_noup", [False, True])
@pytest.mark.parametrize("sigmoid", [False, True])
def test_deep_decoder_is_the_published_sequence_of_operations(last_noup: bool, sigmoid: bool) -> None:
    network = DeepDecoder((2, 17, 24), 5, 2, (3, 4), last_noup, sigmoid).double()
    z = torch.randn(1, 5, 3, 4, generator=generator(1), dtype=torch.float64)
    weights = iter(network.parameters())
    x = z
    for size in [(8, 10), (17, 24), *[None] * last_noup]:
        mix = next(weights)[:, :, 0, 0]
        # upsampled first, mixed then: the two commute
        x = x if size is None else F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        x = _norm(torch.einsum("oi,bihw->bohw", mix, x).relu(), next(weights), next(weights))
    x = torch.einsum("oi,bihw->bohw", next(weights)[:, :, 0, 0], x)
    torch.testing.assert_close(network(z), x.sigmoid() if sigmoid else x)
    assert next(weights, None) is None
    assert network.value_range == ((0.0, 1.0) if sigmoid else None)


def test_conv_decoder_is_the_published_sequence_of_operations() -> None:
    network = ConvDecoder((2, 17, 24), 5, 2, (3, 4)).double()
    z = torch.randn(1, 5, 3, 4, generator=generator(1), dtype=torch.float64)
    weights = iter(network.parameters())
    x = z
    for size in [(8, 10), (17, 24), None]:
        if size is not None:
            rows, columns = (torch.arange(n) * m // n for n, m in zip(size, x.shape[2:], strict=True))
            x = x[:, :, rows][..., columns]
        x = _norm(F.conv2d(x, next(weights), padding=1).relu(), next(weights), next(weights))
    x = torch.einsum("oi,bihw->bohw", next(weights)[:, :, 0, 0], x)
    torch.testing.assert_close(network(z), x)
    assert network.value_range is None


@pytest.mark.parametrize("kind", [DeepDecoder, ConvDecoder])
def test_input_is_small_and_uniform(kind: type[DeepDecoder | ConvDecoder]) -> None:
    z = kind((1, 64, 64), in_size=(8, 8)).draw_latent(generator(0))
    assert z.shape == (256, 8, 8)
    assert 0 <= z.min() <= z.max() <= 0.1
    assert float(z.std()) == pytest.approx(0.1 / 12**0.5, rel=0.02)


def test_even_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel_size is 4, expected an odd"):
        ConvDecoder((1, 28, 28), kernel_size=4)
