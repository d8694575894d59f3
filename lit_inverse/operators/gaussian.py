"""Random Gaussian measurements, the operator of compressed sensing."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators.matrix import Matrix
from lit_inverse.seeding import generator, per_seed

# torch fills normal numbers in groups of 16; drawn in blocks of a multiple of 16 entries, a matrix is the same whether
# it is drawn at once or block by block.
_GROUP = 16


def row_blocks(m: int, n: int, seed: int, std: float = 1.0) -> Iterator[Tensor]:
    """Normal entries N(0, std^2) of an (m, n) matrix, in float32 on the CPU, as blocks of rows in order.

    The first rows do not depend on m: the matrices of one seed are nested. All blocks lie in the same memory: use one
    before the next is drawn.
    """
    step = _GROUP // math.gcd(_GROUP, n)  # rows whose entries are a multiple of the group
    block = step * max(1, (1 << 20) // (step * n))
    source = generator(seed)
    buffer = torch.empty(min(block, step * math.ceil(m / step)), n, dtype=torch.float32)
    for first in range(0, m, block):
        rows = min(block, step * math.ceil((m - first) / step))
        yield buffer[:rows].normal_(0, std, generator=source)[: m - first]


def _normal(m: int, n: int, seed: int, std: float = 1.0) -> Tensor:
    """All row blocks at once."""
    step = _GROUP // math.gcd(_GROUP, n)
    rows = step * math.ceil(m / step)
    return torch.empty(rows, n, dtype=torch.float32).normal_(0, std, generator=generator(seed))[:m]


class Gaussian(Matrix):
    """y = A vec(x) with independent A_ij ~ N(0, 1/m), so that E ||A x||^2 = ||x||^2 (Bora et al. 2017, Sec. 3).

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m; m <= n unless `allow_overdetermined`.
        seed: an int for one A shared by all items, a list of ints for one A per item.
        columns: "unit" scales each column to unit norm.
        kappa: condition number: the singular values are replaced by a geometric sequence of this ratio, with
            ||A||_F^2 = n. Unit columns, scaled afterwards, change it a little (30 becomes about 29.6), as in the
            experiments on ill-conditioned dictionaries of Chen et al. 2018 (LISTA-CPSS), Sec. 4.1.
        allow_overdetermined: permits m > n.

    Raises:
        ValueError: when m, kappa, a seed or in_shape is impossible.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        m: int,
        seed: int | Sequence[int] = 0,
        columns: Literal["unit"] | None = None,
        kappa: float | None = None,
        allow_overdetermined: bool = False,
    ) -> None:
        if columns not in (None, "unit"):
            raise ValueError(f"columns is {columns!r}, expected 'unit' or null")
        if kappa is not None and not 1 <= kappa < math.inf:
            raise ValueError(f"kappa is {kappa}, expected a finite number >= 1")
        n = check_shape(in_shape, m, allow_overdetermined)

        def draw(one: int) -> Tensor:
            matrix = _normal(m, n, one, 1 / math.sqrt(m))
            matrix = matrix if kappa is None else _conditioned(matrix, kappa)
            return matrix if columns is None else matrix.div_(torch.linalg.vector_norm(matrix, dim=0))

        super().__init__(per_seed(draw, seed), tuple(in_shape))


class Bernoulli(Matrix):
    """y = A vec(x) with independent A_ij = +-1 / sqrt(m), each sign with probability 1/2: those of `Gaussian`.

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m <= n.
        seed: an int for one A shared by all items, a list of ints for one A per item.

    Raises:
        ValueError: when m, a seed or in_shape is impossible.
    """

    def __init__(self, in_shape: tuple[int, ...], m: int, seed: int | Sequence[int] = 0) -> None:
        n = check_shape(in_shape, m)

        def draw(one: int) -> Tensor:
            return _normal(m, n, one).sign_().add_(0.5).sign_().div_(math.sqrt(m))  # 0 counts as positive

        super().__init__(per_seed(draw, seed), tuple(in_shape))


def check_shape(in_shape: tuple[int, ...], m: int, allow_overdetermined: bool = False) -> int:
    """n, the number of entries of in_shape; a ValueError where m measurements of them are impossible."""
    n = math.prod(in_shape)
    if n < 1:
        raise ValueError(f"in_shape is {tuple(in_shape)}, expected at least one entry")
    if m < 1:
        raise ValueError(f"m is {m}, expected at least 1 measurement")
    if m > n and not allow_overdetermined:
        raise ValueError(f"m is {m}, expected at most n = {n} (set allow_overdetermined for more)")
    return n


def _conditioned(matrix: Tensor, kappa: float) -> Tensor:
    u, s, v = torch.linalg.svd(matrix.double(), full_matrices=False)
    s = torch.logspace(0, -math.log10(kappa), len(s), dtype=s.dtype)
    conditioned: Tensor = (u * (s * math.sqrt(matrix.shape[1]) / torch.linalg.vector_norm(s)) @ v).to(matrix.dtype)
    return conditioned
