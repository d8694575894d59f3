"""Gaussian measurements without a stored matrix."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator, item_numbers
from lit_inverse.operators.gaussian import check_shape, row_blocks
from lit_inverse.operators.linear_function import linear
from lit_inverse.seeding import seed_list


class GaussianStreamed(LinearOperator):
    """The A of `Gaussian`, number for number, whose rows are drawn again, block by block, at every product.

    Of A only some 4 MB are in memory at a time. Drawing on the CPU is what a product costs; A^H A x takes one pass.

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m; m <= n unless `allow_overdetermined`.
        seed: an int for one A shared by all items, a list of ints for one A per item.
        allow_overdetermined: permits m > n.

    Raises:
        ValueError: when m, a seed or in_shape is impossible.
    """

    def __init__(
        self, in_shape: tuple[int, ...], m: int, seed: int | Sequence[int] = 0, allow_overdetermined: bool = False
    ) -> None:
        super().__init__()
        check_shape(in_shape, m, allow_overdetermined)
        self.in_shape, self.out_shape = tuple(in_shape), (m,)
        self.seeds = seed_list(seed)
        self.n_items = len(self.seeds) if isinstance(seed, Sequence) else None

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return linear(self._forward, self._adjoint, x)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return linear(self._adjoint, self._forward, y)

    def normal(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return linear(self._normal, self._normal, x)

    def take(self, index: Index) -> LinearOperator:
        if self.n_items is None:
            return self
        taken = copy.copy(self)
        taken.seeds = [self.seeds[i] for i in item_numbers(index).tolist()]
        taken.n_items = len(taken.seeds)
        return taken

    def _forward(self, x: Tensor) -> Tensor:
        def product(x: Tensor, blocks: Iterator[Tensor]) -> Tensor:
            return torch.cat([x @ block.mT for block in blocks], 1)

        return self._per_matrix(product, x)

    def _adjoint(self, y: Tensor) -> Tensor:
        def product(y: Tensor, blocks: Iterator[Tensor]) -> Tensor:
            x, first = y.new_zeros(len(y), self.n), 0
            for block in blocks:
                x += y[:, first : first + len(block)] @ block
                first += len(block)
            return x

        return self._per_matrix(product, y).view(-1, *self.in_shape)

    def _normal(self, x: Tensor) -> Tensor:
        def product(x: Tensor, blocks: Iterator[Tensor]) -> Tensor:
            normal = torch.zeros_like(x)
            for block in blocks:
                normal += (x @ block.mT) @ block
            return normal

        return self._per_matrix(product, x).view(-1, *self.in_shape)

    def _per_matrix(self, product: Callable[[Tensor, Iterator[Tensor]], Tensor], batch: Tensor) -> Tensor:
        """The product of the items with their A, (B, ...) to (B, k): each distinct A is drawn once."""
        vectors = batch.flatten(1)
        if self.n_items is None:
            return product(vectors, self._blocks(self.seeds[0], vectors))
        products: dict[int, Tensor] = {}
        for seed in dict.fromkeys(self.seeds):
            items = [i for i, own in enumerate(self.seeds) if own == seed]
            products |= zip(items, product(vectors[items], self._blocks(seed, vectors)), strict=True)
        return torch.stack([products[i] for i in range(len(vectors))])

    def _blocks(self, seed: int, like: Tensor) -> Iterator[Tensor]:
        for block in row_blocks(self.m, self.n, seed, 1 / math.sqrt(self.m)):
            yield block.to(like)
