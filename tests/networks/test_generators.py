"""What every network that generates images promises; networks are found by themselves."""

import inspect
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import Tensor
from torch.func import functional_call, replace_all_batch_norm_modules_, stack_module_state, vmap

from lit_inverse import networks
from lit_inverse.checkpoints import describe, load_network
from lit_inverse.networks import ImageGenerator
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.seeding import generator

SMALL: dict[str, dict[str, Any]] = {  # options that make the networks small
    "ConvDecoder": {"width": 6, "depth": 3, "sigmoid": True},
    "DCGANGenerator": {"width": 4, "latent_dim": 5},
    "DeepDecoder": {"width": 8, "depth": 3, "last_noup": True},
    "FourierFeatures": {"width": 8, "depth": 2, "n_frequencies": 6},
    "GANGenerator": {"width": 4, "latent_dim": 5},
    "PyramidDecoder": {"width": 3, "max_width": 8},
    "SIREN": {"width": 8, "depth": 2},
    "SkipUNet": {"channels_down": (4, 5), "channels_up": (6, 5), "channels_skip": (2, 0), "input_depth": 3},
    "TwoLayerGenerator": {"width": 4, "half_width": 3},
}
NAMES = [
    name
    for name in networks.__all__
    if issubclass(getattr(networks, name), ImageGenerator)
    and next(iter(inspect.signature(getattr(networks, name)).parameters)) == "out_shape"
]
SHAPES = [(1, 28, 28), (2, 17, 31), (5, 12, 9), (3, 64, 48)]
WITHOUT_INPUT = {"SIREN", "TwoLayerGenerator"}

every = pytest.mark.parametrize("name", NAMES)


def build(name: str, out_shape: tuple[int, ...] = (2, 17, 31)) -> ImageGenerator:
    network: ImageGenerator = getattr(networks, name)(out_shape, **SMALL[name])
    return network


def latent(network: ImageGenerator, *seeds: int) -> Tensor:
    return torch.stack([network.draw_latent(generator(seed)) for seed in seeds])


@every
@pytest.mark.parametrize("out_shape", SHAPES)
@pytest.mark.parametrize("law", ["paper", "torch"])
def test_makes_images_of_any_size_in_its_range(name: str, out_shape: tuple[int, ...], law: Law) -> None:
    network = build(name, out_shape)
    initialize(network, law, generator(1))
    x = network(latent(network, 0, 1))
    assert x.shape == (2, *out_shape) == (2, *network.out_shape)
    assert torch.isfinite(x).all()
    assert x[0].std() > 0
    if network.value_range is not None and name != "SIREN":
        assert network.value_range[0] < x.min()
        assert x.max() < network.value_range[1]


@every
def test_is_built_from_the_shape_alone(name: str) -> None:
    network = getattr(networks, name)((2, 16, 24))
    assert network(latent(network, 0)).shape == (1, 2, 16, 24)


@every
@pytest.mark.usefixtures("untouched_rng")
def test_seeds_decide_on_weights_and_input_without_the_global_generator(name: str) -> None:
    first, second = build(name), build(name)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    initialize(second, "paper", generator(0))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    initialize(second, "paper", generator(1))
    assert not torch.equal(*(next(network.parameters()) for network in (first, second)))
    z = latent(first, 3, 3, 4)
    assert z.shape == (3, *first.latent_shape)
    assert z.dtype == torch.float32
    assert torch.equal(z[0], z[1])
    assert torch.equal(z[0], z[2]) == (name in WITHOUT_INPUT)


@every
def test_many_at_once_are_as_one_by_one_with_their_gradients(name: str) -> None:
    fits = [build(name).double() for _ in range(3)]
    for seed, network in enumerate(fits):
        replace_all_batch_norm_modules_(network)
        initialize(network, "paper", generator(seed))
    z = latent(fits[0], 0, 1, 2).double()
    one_by_one = torch.cat([network(z[i : i + 1]) for i, network in enumerate(fits)])
    stacked, buffers = stack_module_state(fits)
    assert not buffers

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of operations that vmap would do in a loop
        together = vmap(lambda weights, z: functional_call(fits[0], weights, (z[None],))[0])(stacked, z)
        torch.testing.assert_close(together, one_by_one, rtol=0, atol=1e-10)
        target = torch.randn(one_by_one.shape, generator=generator(9), dtype=torch.float64)
        gradients = torch.autograd.grad((target * together).sum(), list(stacked.values()))
    for i, network in enumerate(fits):
        own = torch.autograd.grad((target * one_by_one)[i].sum(), list(network.parameters()), retain_graph=True)
        for mine, batched in zip(own, gradients, strict=True):
            torch.testing.assert_close(batched[i], mine, rtol=1e-8, atol=1e-8)


@every
def test_evaluation_mode_changes_nothing_but_for_the_gan(name: str) -> None:
    network = build(name)
    z = latent(network, 0)
    same = torch.equal(network(z), network.eval()(z))
    assert same == (name not in {"DCGANGenerator", "GANGenerator"})


@every
def test_is_rebuilt_from_a_checkpoint(name: str, tmp_path: Path, untouched_rng: None) -> None:
    network = build(name)
    initialize(network, "paper", generator(5))
    init_args = {"out_shape": network.out_shape, **SMALL[name]}
    path = tmp_path / "network.pt"
    torch.save({"network": describe(network, init_args), "state_dict": network.state_dict()}, path)
    rebuilt = load_network(path)
    assert type(rebuilt) is type(network)
    z = latent(network, 0)
    assert torch.equal(rebuilt(z), network.eval()(z))


@every
def test_is_set_by_a_configuration(name: str) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(ImageGenerator, "network")
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in SMALL[name].items()}
    settings = {"class_path": f"lit_inverse.networks.{name}", "init_args": {"out_shape": [2, 17, 31], **plain}}
    network = parser.instantiate(parser.parse_object({"network": settings})).network
    expected = build(name)
    assert [p.shape for p in network.parameters()] == [p.shape for p in expected.parameters()]
    assert network.latent_shape == expected.latent_shape


@every
@pytest.mark.parametrize("out_shape", [(28, 28), (1, 0, 5)])
def test_other_shapes_are_refused(name: str, out_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="out_shape is .*expected"):
        getattr(networks, name)(out_shape)


ZEROS: dict[str, Any] = {"channels_down": (0, 1), "in_size": (3, 0)}


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name in NAMES
        for option in ["width", "latent_dim", "depth", "channels_down", "input_depth", "in_size", "n_frequencies"]
        if option in getattr(networks, name).__init__.__annotations__
    ],
)
def test_sizes_of_zero_are_refused_by_name(name: str, option: str) -> None:
    with pytest.raises(ValueError, match=rf"{option} is .*expected"):
        getattr(networks, name)((1, 28, 28), **{**SMALL[name], option: ZEROS.get(option, 0)})
