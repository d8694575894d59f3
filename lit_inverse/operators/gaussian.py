"""Random Gaussian measurements, the operator of compressed sensing."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators.matrix import Matrix

# torch fills normal numbers in groups of 16; drawn in blocks of a multiple of 16 entries, a matrix is the same whether
# it is drawn at once or block by block.
_GROUP = 16


def row_blocks(m: int, n: int, seed: int) -> Iterator[Tensor]:
    """Standard normal entries of an (m, n) matrix, in float32 on the CPU, as blocks of rows in order.

    The first rows do not depend on m: the matrices of one seed are nested.
    """
    step = _GROUP // math.gcd(_GROUP, n)  # rows whose entries are a multiple of the group
    block = step * max(1, (1 << 20) // (step * n))
    source = torch.Generator().manual_seed(seed)
    for first in range(0, m, block):
        rows = min(block, step * math.ceil((m - first) / step))
        yield torch.randn(rows, n, generator=source, dtype=torch.float32)[: m - first]


class Gaussian(Matrix):
    """y = A vec(x) with independent A_ij ~ N(0, 1/m), so that E ||A x||^2 = ||x||^2 (Bora et al. 2017, Sec. 3).

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m; m <= n unless `allow_overdetermined`.
        seed: an int for one A shared by all items, a list of ints for one A per item.
        columns: "unit" scales each column to unit norm.
        allow_overdetermined: permits m > n.

    Raises:
        ValueError: when m, a seed or in_shape is impossible.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        m: int,
        seed: int | Sequence[int] = 0,
        columns: Literal["unit"] | None = None,
        allow_overdetermined: bool = False,
    ) -> None:
        n = math.prod(in_shape)
        if n < 1:
            raise ValueError(f"in_shape is {tuple(in_shape)}, expected at least one entry")
        if m < 1:
            raise ValueError(f"m is {m}, expected at least 1 measurement")
        if m > n and not allow_overdetermined:
            raise ValueError(f"m is {m}, expected at most n = {n} (set allow_overdetermined for more)")
        if isinstance(seed, int):
            matrix = self._draw(m, n, seed, columns)
        elif len(seed) == 0:
            raise ValueError("seed is an empty list, expected one seed per item")
        else:
            matrix = torch.stack([self._draw(m, n, item_seed, columns) for item_seed in seed])
        super().__init__(matrix, tuple(in_shape))

    @staticmethod
    def _draw(m: int, n: int, seed: int, columns: Literal["unit"] | None) -> Tensor:
        matrix = torch.cat(list(row_blocks(m, n, seed)))
        if columns == "unit":
            return matrix.div_(torch.linalg.vector_norm(matrix, dim=0))
        return matrix.div_(math.sqrt(m))
