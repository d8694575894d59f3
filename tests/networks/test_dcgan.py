"""CS-DIP's networks: published sizes, shapes, ranges, and no use of the global random generator."""

import pytest
import torch

from lit_inverse.networks.dcgan import DCGANGenerator

PUBLISHED = {(1, 28, 28): (2_730_432, 128), (1, 256, 256): (804_608, 64), (3, 128, 128): (626_304, 32)}


@pytest.mark.parametrize("out_shape", PUBLISHED)
def test_has_the_published_number_of_weights_and_latent_dimension(out_shape: tuple[int, ...]) -> None:
    network = DCGANGenerator(out_shape)
    assert (sum(p.numel() for p in network.parameters()), network.latent_dim) == PUBLISHED[out_shape]


@pytest.mark.parametrize("out_shape", PUBLISHED)
def test_maps_latent_vectors_to_images_in_the_open_interval(out_shape: tuple[int, ...]) -> None:
    network = DCGANGenerator(out_shape, latent_dim=5, width=2)
    z = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    x = network(z)
    assert x.shape == (3, *out_shape)
    assert x.abs().max() < 1
    assert x.std() > 0


@pytest.mark.usefixtures("untouched_rng")
@pytest.mark.parametrize("out_shape", PUBLISHED)
def test_building_draws_the_same_weights_without_the_global_generator(out_shape: tuple[int, ...]) -> None:
    first, second = DCGANGenerator(out_shape, width=2), DCGANGenerator(out_shape, width=2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_all_weights_get_a_gradient_and_running_statistics_follow_in_training() -> None:
    network = DCGANGenerator(width=2)
    network(torch.ones(2, 128)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert network.layers[1].num_batches_tracked == 1


@pytest.mark.parametrize(
    ("out_shape", "first", "doublings"),
    [
        ((3, 256, 256), (4, 4), 6),
        ((1, 96, 96), (3, 3), 5),
        ((2, 100, 60), (4, 2), 5),
        ((1, 321, 481), (3, 4), 7),
        ((4, 5, 2), (3, 2), 1),
    ],
)
def test_other_sizes_double_a_first_layer_of_at_most_4_pixels(
    out_shape: tuple[int, ...], first: tuple[int, int], doublings: int
) -> None:
    network = DCGANGenerator(out_shape, latent_dim=5, width=2)
    z = torch.ones(2, 5)
    assert network.layers[0](z[:, :, None, None]).shape == (2, 2, *first)
    assert sum(isinstance(layer, torch.nn.ConvTranspose2d) for layer in network.layers[1:]) == doublings
    whole = torch.nn.Sequential(*[layer for layer in network.layers if type(layer).__name__ != "Crop"])
    top, left = ((2**doublings * a - b) // 2 for a, b in zip(first, out_shape[1:], strict=True))
    expected = whole(z[:, :, None, None])[..., top : top + out_shape[1], left : left + out_shape[2]]
    assert torch.equal(network(z), expected)
    assert expected.shape == (2, *out_shape)


def test_other_channels_of_28_pixels_have_the_first_network_and_all_others_128_latent_dimensions() -> None:
    network = DCGANGenerator((3, 28, 28))
    assert sum(p.numel() for p in network.parameters()) == 2_730_432 + 2 * 64 * 9
    assert network.latent_dim == DCGANGenerator((1, 128, 128), width=2).latent_dim == 128


def test_impossible_shapes_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"out_shape is \(28, 28\), expected \(channels, height, width\)"):
        DCGANGenerator((28, 28))
    with pytest.raises(ValueError, match="latent_dim is 0"):
        DCGANGenerator(latent_dim=0)
