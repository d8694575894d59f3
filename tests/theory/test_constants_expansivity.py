import math

import pytest
import torch
from torch import nn

from lit_inverse.networks import ReLUGenerator
from lit_inverse.theory.constants.expansivity import expansivity, widths


def test_constants_of_a_contractive_network_are_those_of_the_equations() -> None:
    found = expansivity((10, 250, 600, 200))
    e = math.e
    needed = [10, 10 * math.log(e * 25), 10 * math.log(e * 25 * e * 60)]
    assert [layer.assumption_b for layer in found.layers] == pytest.approx(
        [250 / needed[0], 600 / needed[1], 200 / needed[2]]
    )
    assert [layer.ratio for layer in found.layers] == pytest.approx([25, 2.4, 1 / 3])
    assert found.expansive == pytest.approx(200 / (600 * math.log(600)))
    assert found.assumption_b == pytest.approx(200 / needed[2])
    assert found.measurements(100) == pytest.approx(100 / (10 * math.log(e**3 * 25 * 60 * 20)))
    assert "200  ratio    0.333" in str(found)
    assert "B holds for C <= 2.15" in str(found)


def test_wider_contractive_layers_help_assumption_b_and_not_expansivity() -> None:
    narrow, wide = expansivity((5, 400, 200, 100)), expansivity((5, 4000, 2000, 1000))
    assert wide.assumption_b > 5 * narrow.assumption_b
    assert wide.expansive < narrow.expansive


@pytest.mark.parametrize(
    ("network", "found"),
    [
        (ReLUGenerator((5, 40, 30)), (5, 40, 30)),
        (nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)), (3, 8, 2)),
    ],
)
def test_widths_are_read_from_networks(network: nn.Module, found: tuple[int, ...]) -> None:
    state = {name: value.clone() for name, value in network.state_dict().items()}
    assert widths(network, torch.ones(2, found[0])) == found
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_widths_of_convolutions_count_all_pixels() -> None:
    network = nn.Sequential(nn.ConvTranspose2d(4, 8, 4), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))
    assert widths(network, torch.ones(1, 4, 1, 1)) == (4, 128, 16)


@pytest.mark.parametrize("wrong", [(), (5,), (5, 0)])
def test_impossible_widths_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected k and at least one"):
        expansivity(wrong)
