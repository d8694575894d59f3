"""What all networks that generate images have in common."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lit_inverse.networks.initialization import Law

ValueRange = tuple[float, float]


class ImageGenerator(nn.Module):
    """G: z (B, *latent_shape) -> x (B, *out_shape).

    Attributes:
        latent_shape: shape of z without the batch; (0,) for a network without input.
        out_shape: (C, H, W) of x.
        value_range: the range the network's images are made for, to which a sigmoid or tanh confines them; None when
            it works in any.
        paper_law: what the law "paper" of `initialize` means for it.
    """

    latent_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    value_range: ValueRange | None = (-1.0, 1.0)
    paper_law: Law = "paper"

    def draw_latent(self, source: torch.Generator) -> Tensor:
        """The fixed input of an untrained network, (*latent_shape) in float32 on the CPU: z ~ N(0, I)."""
        return torch.randn(self.latent_shape, generator=source, dtype=torch.float32)

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        """G as maps one after the other, z -> h_1 -> ... -> x; G alone where a network does not tell them apart."""
        return [self]


def in_stages(layers: nn.Sequential) -> list[Callable[[Tensor], Tensor]]:
    """Layers in groups of one product or convolution each, with what follows it."""
    begins = [i for i, layer in enumerate(layers) if any(weights.ndim > 1 for weights in layer.parameters())]
    bounds = [0, *begins[1:], len(layers)]
    return [layers[begin:end] for begin, end in itertools.pairwise(bounds)]


def small_uniform(shape: tuple[int, ...], source: torch.Generator) -> Tensor:
    """U(0, 0.1) in float32: the input of the deep image prior and of the decoders after it."""
    return torch.rand(shape, generator=source, dtype=torch.float32) / 10


def image_shape(out_shape: tuple[int, ...], name: str = "out_shape") -> tuple[int, int, int]:
    """The same, checked to be (C, H, W); an error calls it by its name.

    Raises:
        ValueError: when it is not three positive sizes.
    """
    if len(out_shape) != 3 or min(out_shape) < 1:
        raise ValueError(f"{name} is {tuple(out_shape)}, expected (channels, height, width)")
    channels, height, width = out_shape
    return channels, height, width
