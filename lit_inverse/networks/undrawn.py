"""Layers built without drawing their weights."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

Layer = TypeVar("Layer", bound=nn.Module)


def undrawn(layer: Callable[..., Layer], *arguments: object, **options: object) -> Layer:
    """A layer of torch on the default device whose weights are left to `initialize`.

    Its constructor runs on the meta device, where the draws from torch's global generator do not happen.
    """
    device = torch.get_default_device()
    with torch.device("meta"):
        built = layer(*arguments, **options)
    return built.to_empty(device=device)
