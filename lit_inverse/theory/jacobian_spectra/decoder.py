"""A deep decoder of signals, and its fit to a noisy step."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lit_inverse.networks import DeepDecoder
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import draw_normal, initialize
from lit_inverse.seeding import generator, source_of


def decoder(n: int = 512, width: int = 64, depth: int = 4, seed: int = 0) -> tuple[ImageGenerator, Tensor]:
    """A deep decoder whose images are one row of n pixels, and its input, in float64.

    The paper says "a four-layer deep decoder" of Fig. 4 only. This is the one of the notebook on Jacobians that the
    authors published with "Denoising and Regularization via Exploiting the Structural Bias of Convolutional
    Generators" (2020): n = 512, 64 channels, upsampling by 2 in each layer, weights of Xavier's normal law, an input
    U(0, 1), and a last layer fixed at +-1 / sqrt(width), half of each.

    Raises:
        ValueError: when n is no multiple of 2^depth or width is odd.
    """
    if n % 2**depth or width % 2:
        raise ValueError(f"n is {n} and width {width}, expected a multiple of 2^depth = {2**depth} and an even number")
    network = DeepDecoder((1, 1, n), width, depth, in_size=(1, n // 2**depth), sigmoid=False).double()
    source = generator(seed)
    initialize(network, "torch", source)
    for name in mixing_weights(network):
        draw_normal(network.get_parameter(name), 1 / math.sqrt(width), source)
    last = list(network.parameters())[-1]
    signs = torch.ones(width, dtype=last.dtype)
    signs[width // 2 :] = -1
    last.requires_grad_(False).copy_(signs.view_as(last) / math.sqrt(width))
    z = torch.rand((1, *network.latent_shape), generator=source, dtype=torch.float32)
    return network, z.double()


def mixing_weights(network: ImageGenerator) -> list[str]:
    """Names of C_1, ..., C_d, which the authors' Jacobian is by: all convolutions but the last."""
    return [name for name, weights in network.named_parameters() if weights.ndim > 1][:-1]


def noisy_step(n: int, deviation: float = 0.2, seed: int = 0) -> Tensor:
    """1 on the first half and 0 on the second, with white noise; the notebook's is 0.4 N(0, 0.5^2)."""
    y = torch.zeros(n, dtype=torch.float64)
    y[: n // 2] = 1
    return y + deviation * torch.randn(n, generator=source_of(seed, "noise"), dtype=torch.float32)


def fitted(
    network: ImageGenerator, z: Tensor, y: Tensor, iterations: Sequence[int], lr: float = 0.01
) -> Iterator[tuple[int, float]]:
    """Fits G(z) to y by Adam, as in the notebook, and stops by after each of the given numbers of steps.

    Yields:
        The number and the mean squared error at it; the network has the weights then.
    """
    optimizer = torch.optim.Adam([one for one in network.parameters() if one.requires_grad], lr)
    last = max(iterations)
    for iteration in range(last + 1):
        loss = (network(z).flatten() - y).square().mean()
        if iteration in iterations:
            yield iteration, float(loss.detach())
        if iteration == last:  # the network stays as it is
            return
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
