"""One network fitted to each of three targets."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from lit_inverse.metrics import mse
from lit_inverse.networks import DeepDecoder, ImageGenerator, SkipUNet
from lit_inverse.networks.initialization import initialize
from lit_inverse.noise import Gaussian
from lit_inverse.operators import Identity
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.solvers.fitting import Adam, Descent, Ensemble, FixedInput, Input, Known, Objective, SquaredError

Architecture = Literal["deep_decoder", "skip_unet"]
IMAGE, NOISY, NOISE = TARGETS = ("image", "image + noise", "noise")
_SHOWN = 80  # points of a curve, at most


@dataclass(frozen=True)
class Setting:
    """What the three fits have in common.

    Attributes:
        image: name of x.
        image_hash: of its pixels.
        network: an `Architecture`.
        size: side of x.
        width: channels of each layer of the network.
        lr: step size of Adam.
        sigma: of the noise that is added to x.
        n_iter: number of updates.
    """

    image: str
    image_hash: str
    network: str
    size: int
    width: int
    lr: float
    sigma: float
    n_iter: int


@dataclass(frozen=True)
class Point(Setting):
    """Medians over the iterates of a fit from this one up to the next that is shown: Adam makes spikes.

    Attributes:
        target: one of TARGETS.
        iteration: number of this one; 0 is the untrained network.
        loss: mean squared error of the network's image to what is fitted.
        error: the same to x; of noise alone, which has no x, the loss.
    """

    target: str
    iteration: int
    loss: float
    error: float


def hash_of(x: Tensor) -> str:
    """A name of the pixels."""
    return hashlib.blake2b(x.numpy().tobytes(), digest_size=8).hexdigest()


def skip_unet(size: int, width: int) -> SkipUNet:
    """The denoising network of Ulyanov et al. 2018, whose width is 128."""
    return SkipUNet((1, size, size), channels_down=(width,) * 5, channels_up=(width,) * 5)


def deep_decoder(size: int, width: int) -> DeepDecoder:
    """Four layers that double the image and one that does not: with width 256 and size 256 that of the authors."""
    return DeepDecoder((1, size, size), width, depth=4, last_noup=True)


NETWORKS: dict[str, Callable[[int, int], ImageGenerator]] = {"deep_decoder": deep_decoder, "skip_unet": skip_unet}


def with_noise(x: Tensor, name: str, sigma: float) -> Tensor:
    """x + eta, as in a sweep with seed 0."""
    problem = Problem(Identity(tuple(x.shape[1:])), Gaussian(sigma))
    return problem.measure(x, [derive_seed(0, "noise", name, 0)])


def targets(x: Tensor, setting: Setting) -> dict[str, Tensor]:
    """What is fitted, each (1, 1, size, size); noise alone is U(0, 1)."""
    noise = torch.rand(x.shape, generator=generator(1), dtype=torch.float32)
    return {IMAGE: x, NOISY: with_noise(x, setting.image, setting.sigma), NOISE: noise}


def begin(network: ImageGenerator, y: Tensor, name: str, sigma: float, lr: float, feed: Input) -> Descent:
    """A fit to y (1, 1, size, size), the image called `name` or another one in its place, that has not begun."""
    seed = derive_seed(0, "solver", name, 0)
    source = generator(seed)
    initialize(network, "paper", source)
    weights = [weight.detach().clone() for weight in network.parameters()]
    z = network.draw_latent(source)[None]
    data = Known(y, Identity(tuple(y.shape[1:])), torch.full((1,), sigma), [seed])
    return Descent(Ensemble(network, [weights]), z, feed, data, Objective(SquaredError("mean"), None), Adam(), lr)


def shown(n_iter: int) -> list[int]:
    """0 and the iterations, evenly on a logarithmic axis, at which a point begins, and where the last one ends."""
    return [0, *sorted({round(edge) for edge in np.geomspace(1, n_iter + 1, _SHOWN)})]


def fit(x: Tensor, setting: Setting, target: str) -> list[Point]:
    """One fit along its iterations."""
    y = targets(x, setting)[target]
    network = NETWORKS[setting.network](setting.size, setting.width)
    descent = begin(network, y, setting.image, setting.sigma, setting.lr, FixedInput())
    found = []
    for _ in range(setting.n_iter + 1):
        iterate = descent.step()
        found.append(torch.cat([iterate.objective, mse(iterate.x, y if target == NOISE else x)]))
    losses, errors = torch.stack(found).T.tolist()
    return [
        Point(**vars(setting), target=target, iteration=i, loss=median(losses[i:end]), error=median(errors[i:end]))
        for i, end in pairwise(shown(setting.n_iter))
    ]
