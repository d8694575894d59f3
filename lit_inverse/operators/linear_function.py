"""Products whose steps autograd must not record, because they would fill the memory or are no torch operations."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]


def linear(product: Product, adjoint: Product, x: Tensor) -> Tensor:
    """product(x), whose gradients, of any order, are taken by applying `adjoint` and `product`."""
    y: Tensor = _Linear.apply(product, adjoint, x)
    return y


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(product: Product, adjoint: Product, x: Tensor) -> Tensor:
        return product(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Product, Product, Tensor], output: Tensor) -> None:
        ctx.product, ctx.adjoint, _ = inputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, Tensor]:
        return None, None, linear(ctx.adjoint, ctx.product, gradients[0])

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        return linear(ctx.product, ctx.adjoint, tangents[2])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], product: Product, adjoint: Product, x: Tensor) -> tuple[Tensor, int]:
        slices = x.movedim(in_dims[2], 0)
        return torch.stack([linear(product, adjoint, item) for item in slices]), 0
