"""Noise and a smooth signal fitted by the theorem's network and by a convolutional one."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from datamodules.smooth_signals import trigonometric_basis
from lit_inverse.networks import ImageGenerator, OneHiddenLayer, TwoLayerGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.operators import Identity
from lit_inverse.seeding import generator, source_of
from lit_inverse.theory.jacobian import by_weights, leading_spectrum
from lit_inverse.theory.linearized import Trajectory, dynamics

N = 64
NOISE = 0.5  # ||eta|| / ||x||
_P = 9  # lowest trigonometric functions, of which the smooth signal is made

NETWORKS: dict[str, Callable[[float], ImageGenerator]] = {  # of ||y||
    "dense": lambda size: OneHiddenLayer(1, 64 * N, (N,), size),
    "convolutional": lambda size: TwoLayerGenerator((N,), 256, 8, size / math.sqrt(N)),
}
TARGETS = ("smooth", "noise", "sum")


@dataclass(frozen=True)
class Fit:
    """One iteration of descent at the step 1 / lambda_max(J J^T).

    Attributes:
        network: key of NETWORKS.
        target: what is y: a "smooth" signal x, "noise" of the same norm, or their "sum" at the ratio NOISE.
        n_iter: of the whole descent.
        seed: of the network, x and noise.
        t: the iteration.
        misfit: ||G - y|| / ||y||.
        error: ||G - x|| / ||x||; of noise alone the misfit.
        linear_misfit: the same of the network linearised at its first weights.
        linear_error: as above.
    """

    network: str
    target: str
    n_iter: int
    seed: int
    t: int
    misfit: float
    error: float
    linear_misfit: float
    linear_error: float


def fit(name: str, target: str, seed: int, n_iter: int, kept: list[int]) -> list[Fit]:
    """The iterations `kept` of one descent, in float64."""
    x, y = signals(target, seed)
    network = NETWORKS[name](float(y.norm())).double()
    initialize(network, "paper", source_of(seed, f"{name} network"))
    z = network.draw_latent(source_of(seed, "input"))[None].double()
    steepest = float(leading_spectrum(by_weights(network, z), 1, oversampling=N).values) ** 2  # exact
    found = dynamics(network, z, Identity((N,)).double(), y[None], 1 / steepest, n_iter)

    def distances(of: Trajectory, target: Tensor) -> list[float]:
        ratios: list[float] = ((of.outputs[kept] - target).norm(dim=1) / target.norm()).tolist()
        return ratios

    columns = [distances(of, target) for of in (found.true, found.linear) for target in (y, x)]
    return [Fit(name, target, n_iter, seed, t, *values) for t, *values in zip(kept, *columns, strict=True)]


def signals(target: str, seed: int) -> tuple[Tensor, Tensor]:
    """x and y, (N,)."""
    x = trigonometric_basis(N, _P) @ torch.randn(_P, generator=generator(seed), dtype=torch.float32).double()
    eta = torch.randn(N, generator=source_of(seed, "noise"), dtype=torch.float32).double()
    eta = eta * (x.norm() / eta.norm())
    if target == "noise":
        return eta, eta
    return x, x if target == "smooth" else x + NOISE * eta
