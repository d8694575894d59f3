"""Laws of the initial weights, drawn from a given generator: the global one is neither read nor written."""

import math
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from lit_inverse.networks.upsampled_conv import UpsampledConvTranspose2d
from lit_inverse.settings import one_of

Law = Literal["paper", "torch", "normal"]
_STD = 0.02  # of the law "normal"


@runtime_checkable
class OwnLaw(Protocol):
    """A module that draws its weights itself."""

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """Draws all weights that are not those of a submodule."""


@torch.no_grad()
def initialize(network: nn.Module, law: Law, source: torch.Generator) -> None:
    """Draws all weights of a network anew.

    Weights and biases of products and convolutions are U(-b, b) with b = 1 / sqrt(fan), but for "normal"; biases of
    batch norm are 0.

    - "paper": the defaults of torch 0.4.1, which the untrained priors of 2017 to 2019 were written with: fan is
      in_channels k^2, also for transposed convolutions, and the weights of batch norm are U(0, 1).
    - "torch": the defaults of torch >= 1.2: fan is out_channels k^2 for transposed convolutions (8 times larger
      weights in the last layer of CS-DIP's MNIST network), and the weights of batch norm are 1.
    - "normal": weights N(0, 0.02^2), biases 0, batch norm as in "torch" (DCGAN, Radford et al. 2015, Sec. 4).

    Networks of later papers say what "paper" is for them (`paper_law`), and layers with a law of their own (`OwnLaw`)
    draw by it.

    Args:
        network: any module made of linear, convolution and batch norm layers and of layers with a law of their own,
            on any device.
        law: "paper", "torch" or "normal".
        source: on the CPU. Numbers are drawn in float32 and then cast.

    Raises:
        ValueError: when the law is another one or a layer with weights is none of these.
    """
    one_of(Law, init=law)
    if law == "paper":
        law = getattr(network, "paper_law", law)
    for module in network.modules():
        if isinstance(module, OwnLaw):
            module.draw_weights(law, source)
        elif isinstance(module, (nn.Linear, _ConvNd, UpsampledConvTranspose2d)):
            _draw_product(module, law, source)
        elif isinstance(module, _BatchNorm):
            module.reset_parameters()
            if law == "paper" and module.affine:
                draw_uniform(module.weight, 1, source, low=0)
        elif any(True for _ in module.parameters(recurse=False)):
            raise ValueError(f"{type(module).__name__} has weights of its own, and no initial law is known for them")


def _draw_product(module: nn.Linear | _ConvNd | UpsampledConvTranspose2d, law: Law, source: torch.Generator) -> None:
    bound = 1 / math.sqrt(_fan(module, law))
    for name, weights in module.named_parameters(recurse=False):
        if law != "normal":
            draw_uniform(weights, bound, source)
        elif name == "bias":
            weights.zero_()
        else:
            draw_normal(weights, _STD, source)


def _fan(module: nn.Linear | _ConvNd | UpsampledConvTranspose2d, law: Law) -> int:
    if isinstance(module, nn.Linear):
        return module.in_features
    if isinstance(module, UpsampledConvTranspose2d):
        out_channels, k, _, in_channels = module.weight.shape
        return k * k * (in_channels if law == "paper" else out_channels)
    # the second dimension of a transposed convolution's weight is out_channels, of a convolution's in_channels
    channels = module.in_channels if law == "paper" else module.weight.shape[1]
    return channels * module.weight[0, 0].numel()


@torch.no_grad()
def draw_uniform(weights: Tensor, bound: float, source: torch.Generator, low: float | None = None) -> None:
    """Draws weights from U(-bound, bound), or U(low, bound), in float32 on the CPU."""
    values = torch.empty(weights.shape, dtype=torch.float32, device="cpu")
    weights.copy_(values.uniform_(-bound if low is None else low, bound, generator=source))


@torch.no_grad()
def draw_normal(weights: Tensor, std: float, source: torch.Generator) -> None:
    """Draws weights from N(0, std^2) in float32 on the CPU."""
    values = torch.empty(weights.shape, dtype=torch.float32, device="cpu")
    weights.copy_(values.normal_(0, std, generator=source))
