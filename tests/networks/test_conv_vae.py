import pytest
import torch
from torch import nn

from lit_inverse.networks import ConvVAE
from lit_inverse.seeding import generator


@pytest.mark.usefixtures("untouched_rng")
@pytest.mark.parametrize("in_shape", [(1, 28, 28), (3, 64, 64), (2, 17, 31)])
def test_shapes_and_range_of_encoder_and_generator(in_shape: tuple[int, ...]) -> None:
    vae = ConvVAE(in_shape, latent_dim=6, width=4)
    mu, log_var = vae.encode(torch.rand(2, *in_shape, generator=generator(0)))
    assert mu.shape == log_var.shape == (2, 6)
    x = vae(mu)
    assert x.shape == (2, *in_shape)
    assert 0 < x.min() < x.max() < 1
    assert torch.equal(x, vae.logits(mu).sigmoid())


def test_has_as_many_layers_as_the_gan_has() -> None:
    vae = ConvVAE((3, 64, 64), width=64)
    ups = [layer for layer in vae.decoder if isinstance(layer, nn.ConvTranspose2d)]
    assert [ups[0].in_channels, *(layer.out_channels for layer in ups)] == [512, 256, 128, 64, 3]
    downs = [layer for layer in vae.encoder if isinstance(layer, nn.Conv2d)]
    assert [downs[0].in_channels, *(layer.out_channels for layer in downs)] == [3, 64, 128, 256, 512]


def test_stages_one_after_the_other_are_the_generator() -> None:
    vae = ConvVAE((1, 28, 28), width=4)
    h = z = torch.randn(2, 20, generator=generator(0), dtype=torch.float32)
    for stage in vae.stages():
        h = stage(h)
    assert len(vae.stages()) == 3
    assert torch.equal(h, vae(z))


def test_impossible_sizes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="in_shape is .*expected"):
        ConvVAE((28, 28))
    with pytest.raises(ValueError, match="latent_dim is 0"):
        ConvVAE(latent_dim=0)
