import pytest
import torch
from torch import nn

from lit_inverse.networks import PyramidDecoder


def test_channels_are_halved_where_sides_are_doubled() -> None:
    network = PyramidDecoder((1, 256, 256))
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert [one.out_channels for one in convolutions] == [256, 256, 128, 64, 32, 16, 8, 1]
    assert network.latent_shape == (256, 4, 4)
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_574_008


def test_no_level_costs_more_than_the_one_at_full_size() -> None:
    costs: list[int] = []

    def note(module: nn.Module, _: object, x: torch.Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        costs.append(module.weight.numel() * x.shape[-1] * x.shape[-2])

    network = PyramidDecoder((1, 128, 128))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    network(torch.randn(1, *network.latent_shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32))
    assert max(costs) == costs[-2]


@pytest.mark.parametrize("out_shape", [(1, 37, 50), (3, 3, 3), (1, 1, 9)])
def test_odd_sizes_are_halved_rounding_up(out_shape: tuple[int, ...]) -> None:
    network = PyramidDecoder(out_shape, width=2, min_side=2)
    assert max(network.latent_shape[1:]) <= 2
    z = torch.randn(1, *network.latent_shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    assert network(z).shape == (1, *out_shape)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"width": 0}, "width is 0"), ({"kernel_size": 2}, "kernel_size is 2"), ({"min_side": 1}, "min_side is 1")],
)
def test_impossible_settings_are_refused(settings: dict[str, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        PyramidDecoder(**settings)  # type: ignore[arg-type]
