"""A given matrix as an operator."""

import itertools
import math

import torch
from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator

_EXACT_NORM_SIZE = 512  # up to this min(m, n) the Gram matrix's largest eigenvalue is cheap


class Matrix(LinearOperator):
    """y = A vec(x), with one (m, n) matrix for all items or a (B, m, n) stack with one per item.

    Items repeated in a row by `take` share their matrix, which is then read once for all of them.

    Args:
        matrix: (m, n) or (B, m, n), real or complex, finite.
        in_shape: shape of x without the batch, of n entries in all; (n,) by default.

    Raises:
        ValueError: when the matrix has another number of dimensions, does not fit in_shape, or is not finite.
    """

    matrix: Tensor
    repeats: int = 1  # items in a row that share one of the B matrices

    def __init__(self, matrix: Tensor, in_shape: tuple[int, ...] | None = None) -> None:
        super().__init__()
        matrix = torch.as_tensor(matrix)
        if matrix.ndim not in (2, 3) or 0 in matrix.shape:
            raise ValueError(f"matrix has shape {tuple(matrix.shape)}, expected (m, n) or (B, m, n), none of them 0")
        self.in_shape = (matrix.shape[-1],) if in_shape is None else tuple(in_shape)
        if math.prod(self.in_shape) != matrix.shape[-1]:
            raise ValueError(
                f"matrix has {matrix.shape[-1]} columns, in_shape {self.in_shape} expects {math.prod(self.in_shape)}"
            )
        if not torch.isfinite(matrix).all():
            raise ValueError("matrix has entries that are not finite")
        self.out_shape = (matrix.shape[-2],)
        self.n_items = matrix.shape[0] if matrix.ndim == 3 else None
        self.register_buffer("matrix", matrix)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return self._product(self.matrix, x.flatten(1))

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return self._product(self.matrix.mH, y).view(-1, *self.in_shape)

    def norm(self) -> Tensor:
        if min(self.m, self.n) > _EXACT_NORM_SIZE:
            return super().norm()
        a = self.matrix.to(torch.promote_types(self.matrix.dtype, torch.float64))
        gram = a @ a.mH if self.m <= self.n else a.mH @ a
        largest: Tensor = torch.linalg.eigvalsh(gram)[..., -1]
        norm = largest.clamp_min(0).sqrt().to(self.matrix.real.dtype)
        return norm if self.n_items is None else norm.repeat_interleave(self.repeats)

    def take(self, index: Index) -> "Matrix":
        if self.n_items is None or list(index) == list(range(self.n_items)):
            return self
        runs = [(item, len(list(run))) for item, run in itertools.groupby(int(i) // self.repeats for i in index)]
        repeats = runs[0][1] if len({length for _, length in runs}) == 1 else 1
        distinct = torch.tensor([item for item, length in runs for _ in range(length // repeats)])
        # index_select copies: the selected matrix is aligned like a fresh one, so products with it are bitwise the same
        taken = Matrix(self.matrix.index_select(0, distinct.to(self.matrix.device)), self.in_shape)
        taken.repeats, taken.n_items = repeats, repeats * len(distinct)
        return taken

    def _product(self, matrix: Tensor, vectors: Tensor) -> Tensor:
        """(m, n) or (B / repeats, m, n) times (B, n)."""
        if matrix.ndim == 2:
            return vectors @ matrix.mT
        if self.repeats == 1:
            return torch.bmm(matrix, vectors.unsqueeze(-1)).squeeze(-1)
        return (vectors.view(-1, self.repeats, vectors.shape[-1]) @ matrix.mT).flatten(0, 1)
