"""The constants of one random network, and its share of recovered signals."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.networks import ReLUGenerator
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import derive_seed, source_of
from lit_inverse.theory.constants.restricted_eigenvalue import range_restricted_isometry
from lit_inverse.theory.constants.search import Search
from lit_inverse.theory.constants.weight_distribution import (
    range_restricted_weight_distribution,
    unit_weights,
    weight_distribution,
    weight_distribution_bound,
)
from lit_inverse.theory.random_networks.trials import SUCCESS, trials
from lit_inverse.theory.random_networks.trials import Setting as TrialSetting

FAMILIES = ("expansive", "contractive")
GROWTH = 1.5  # ratio of a layer's width to the narrower one's beside it
VERSION = 2  # raised by hand when what is drawn or measured changes


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes:
        family: "expansive" or "contractive", layers that become wider or narrower; the first is wider than z in both.
        depth: number of layers d.
        width: of the narrowest layer, over k.
        network: number of the network, its seed.
        k: dimension of z.
        m: number of measurements.
        n_signals: signals to recover, each with its own A.
        n_steps: of Algorithm 1.
        n_ascent: steps of ascent in the search for the constants.
    """

    family: str
    depth: int
    width: float
    network: int
    k: int = 5
    m: int = 30
    n_signals: int = 25
    n_steps: int = 400
    n_ascent: int = 50

    @property
    def widths(self) -> tuple[int, ...]:
        """k, n_1, ..., n_d."""
        layers = [round(self.k * self.width * GROWTH**i) for i in range(self.depth)]
        return (self.k, *(layers if self.family == "expansive" else layers[::-1]))


@dataclass(frozen=True)
class Conditions(Setting):
    """What was found; the constants are lower bounds, the worst of all layers for weights scaled N(0, 1/n_i).

    Attributes:
        wdc: constant of the weight distribution condition; of contractive layers exact.
        r2wdc: of the range-restricted one.
        rric: of the range-restricted isometry condition, of one A.
        n_recovered: signals with a relative error below 1e-3.
        version: `VERSION` when it was measured; 1 of files that do not say.
    """

    wdc: float = 0.0
    r2wdc: float = 0.0
    rric: float = 0.0
    n_recovered: int = 0
    version: int = 1


def measure(setting: Setting) -> Conditions:
    """Draws the network and finds all."""
    widths, search = setting.widths, Search(n_samples=500, n_starts=16, n_steps=setting.n_ascent)
    network = ReLUGenerator(widths, seed=setting.network).requires_grad_(False)
    source = source_of(setting.network, "constants")
    z = torch.randn(500, setting.k, generator=source, dtype=torch.float32)
    wdc, r2wdc = list[float](), list[float]()
    for i, weight in enumerate(unit_weights(network)):
        ahead = network.layers[: 2 * i]  # G_i, the identity for i = 0; each layer is followed by its ReLU
        wdc.append(_weight_distribution(weight, source, search))
        r2wdc.append(range_restricted_weight_distribution(weight, ahead, z, source, search).value)
    # of a seed of its own: theory has A independent of the weights (Cocola 2022, Assumption A.1)
    operator = Gaussian((widths[-1],), setting.m, derive_seed(setting.network, "operator", "constants", 0))
    rric = range_restricted_isometry(operator, network, z, source, search).value
    sensing = TrialSetting("compressed sensing", setting.k, widths[-1], setting.m, 0.0)
    made = trials(sensing, setting.network, setting.n_signals, widths[1:-1], setting.n_steps)
    n = sum(trial.error < SUCCESS for trial in made)
    return Conditions(**vars(setting), wdc=max(wdc), r2wdc=max(r2wdc), rric=rric, n_recovered=n, version=VERSION)


def _weight_distribution(weight: Tensor, source: torch.Generator, search: Search) -> float:
    """The constant of a contractive layer, of others the largest found."""
    bound = weight_distribution_bound(weight)
    return bound.value if bound.bound == "exact" else weight_distribution(weight, source, search).value
