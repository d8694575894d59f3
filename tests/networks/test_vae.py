import math

import pytest
import torch

from lit_inverse.networks import VAE


def test_default_is_the_network_of_bora_et_al() -> None:
    vae = VAE()
    shapes = [tuple(p.shape) for p in vae.parameters() if p.ndim == 2]
    assert shapes == [(500, 784), (500, 500), (40, 500), (500, 20), (500, 500), (784, 500)]
    assert sum(p.numel() for p in vae.parameters()) == 663_040 + 653_784


def test_weights_are_xavier_uniform_and_biases_zero() -> None:
    for parameter in VAE().parameters():
        if parameter.ndim == 1:
            assert not parameter.any()
        else:
            bound = math.sqrt(6 / sum(parameter.shape))
            assert 0.99 * bound < parameter.abs().max() <= bound


def test_shapes_and_range_of_encoder_and_generator() -> None:
    vae = VAE((3, 4, 5), latent_dim=6, hidden=(7,))
    mu, log_var = vae.encode(torch.rand(2, 3, 4, 5))
    assert mu.shape == log_var.shape == (2, 6)
    x = vae(mu)
    assert x.shape == (2, 3, 4, 5)
    assert x.min() > 0
    assert x.max() < 1
    assert torch.equal(x, vae.logits(mu).sigmoid())


@pytest.mark.parametrize("arguments", [{"latent_dim": 0}, {"hidden": (5, 0)}, {"in_shape": ()}, {"hidden": ()}])
def test_impossible_sizes_are_refused_by_name(arguments: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is .* expected"):
        VAE(**arguments)  # type: ignore[arg-type]
