"""Numbers of weights as published, and which A they go with."""

from typing import Any

import pytest
import torch

from lit_inverse import networks
from lit_inverse.lit_modules.unfolding_warm_start import warm_start
from lit_inverse.operators import Gaussian

COUNTS: list[tuple[str, dict[str, Any], int]] = [
    ("LISTA", {}, 6_000_016),
    ("LISTA", {"sharing": "shared_input"}, 4_125_016),
    ("LISTA", {"sharing": "tied"}, 375_001),
    ("LISTACP", {}, 2_000_016),
    ("LISTACP", {"tied": True}, 125_016),
    ("LISTACP", {"tied": True, "vector": True}, 133_000),
    ("LISTACPSS", {}, 2_000_016),
    ("TiLISTA", {}, 125_032),
    ("ALISTA", {}, 32),
    ("HyperLISTA", {}, 3),
    ("StepLISTA", {}, 16),
    ("LIHT", {}, 4_125_016),
    ("AdaLISTA", {}, 125_032),
    ("LAMP", {}, 48),
    ("LAMP", {"weight": "tied"}, 125_048),
    ("LAMP", {"weight": "untied"}, 2_000_048),
    ("LVAMP", {}, 64),
    ("NAALISTA", {}, 5 * 128**2 + 19 * 128 + 2),
]
SMALL = {"m": 6, "n": 10, "n_layers": 3}


@pytest.mark.parametrize(("name", "settings", "count"), COUNTS)
def test_numbers_of_weights_are_those_published(name: str, settings: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        network = getattr(networks, name)(**settings)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


@pytest.mark.parametrize("name", sorted({name for name, *_ in COUNTS}))
def test_a_network_knows_its_a(name: str) -> None:
    network = getattr(networks, name)(**SMALL)
    operator, other = (Gaussian((10,), 6, seed, columns="unit") for seed in (0, 1))
    network.initialize(operator)
    network.check(operator)
    network.check(Gaussian((10,), 6, 0, columns="unit").double())
    if network.bound:
        with pytest.raises(ValueError, match="trained for another A"):
            network.check(other)
        with pytest.raises(ValueError, match="one A per item"):
            network.initialize(Gaussian((10,), 6, [0, 1], columns="unit"))
    else:
        network.check(other)
        network.check(Gaussian((10,), 6, [0, 1], columns="unit"))
    with pytest.raises(ValueError, match="A is 5 x 10"):
        network(torch.zeros(1, 5), Gaussian((10,), 5, 0))


CHAINS = [("ALISTA", "TiLISTA"), ("ALISTA", "LISTACPSS"), ("TiLISTA", "LISTACPSS"), ("LISTACP", "LISTA")]


@pytest.mark.parametrize(("simple", "rich"), CHAINS)
def test_a_warm_start_begins_where_the_simpler_network_ended(simple: str, rich: str) -> None:
    operator = Gaussian((10,), 6, 0, columns="unit").double()
    selection = {"p": 10.0, "p_max": 20.0} if simple != "LISTACP" else {}
    trained, network = (getattr(networks, name)(**SMALL, **selection).double() for name in (simple, rich))
    for net in (trained, network):
        net.initialize(operator)
    source = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=source, dtype=torch.float64))
    y = torch.randn(4, 6, generator=source, dtype=torch.float64)
    assert not torch.allclose(network(y, operator), trained(y, operator))
    warm_start(network, trained, operator)
    for x, x_trained in zip(network.iterates(y, operator), trained.iterates(y, operator), strict=True):
        torch.testing.assert_close(x, x_trained)


def test_impossible_warm_starts_are_refused() -> None:
    operator = Gaussian((10,), 6, 0, columns="unit")
    alista, lista = networks.ALISTA(**SMALL), networks.LISTA(**SMALL, p=1.2, p_max=13.0)
    for net in (alista, lista):
        net.initialize(operator)
    with pytest.raises(ValueError, match="ALISTA can not begin as LISTA ended"):
        warm_start(alista, lista, operator)
    other = networks.ALISTA(**SMALL, p=5.0)
    with pytest.raises(ValueError, match="warm_start has p = 1.2"):
        warm_start(other, alista, operator)
    with pytest.raises(ValueError, match="layers"):
        warm_start(networks.LISTA(6, 10, 4), alista, operator)
