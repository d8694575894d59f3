"""A given matrix as an operator."""

import copy
import itertools
import math

import torch
from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator, item_numbers
from lit_inverse.operators.items import on_parts
from lit_inverse.operators.precision import at_least_single

_LARGE = 1 << 22  # entries of a matrix of about the size of a CPU's cache
_ROWS = 16  # of the matrix at a time
_FEW = 8  # items: with the gradient, products by rows are faster for 5 of them and slower for 16
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
    per_item = ("matrix",)

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
        if not (matrix.is_floating_point() or matrix.is_complex()):
            raise ValueError(f"matrix has dtype {matrix.dtype}, expected a floating or complex one")
        # a sum is one fast pass, but it may overflow
        if not torch.isfinite(matrix.sum()) and not torch.isfinite(matrix).all():
            raise ValueError("matrix has entries that are not finite")
        self.out_shape = (matrix.shape[-2],)
        self.n_items = matrix.shape[0] if matrix.ndim == 3 else None
        self.register_buffer("matrix", matrix)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        vectors = x.flatten(1)
        if self._is_best_by_rows(vectors) and len(vectors) <= _FEW:  # not itself faster, but its gradient is
            return torch.cat([vectors @ rows.mT for rows in torch.split(self.matrix, _ROWS)], 1)
        return self._product(self.matrix, vectors)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        product = _by_rows if self._is_best_by_rows(y) else self._product
        return product(self.matrix.mH, y).view(-1, *self.in_shape)

    def _is_best_by_rows(self, vectors: Tensor) -> bool:
        large = self.n_items is None and self.matrix.numel() >= _LARGE and vectors.dtype == self.matrix.dtype
        precise = vectors.dtype.itemsize >= torch.float32.itemsize  # sums of half precision would be rounded often
        return large and precise and vectors.device.type == "cpu" and 1 < len(vectors) <= 2 * _ROWS

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        rho = at_least_single(torch.as_tensor(rho, dtype=self.matrix.real.dtype, device=self.matrix.device)).view(
            -1, 1, 1
        )
        matrix = at_least_single(self.matrix)
        one_per_item = matrix.repeat_interleave(self.repeats, 0) if self.n_items else matrix
        gram = one_per_item @ one_per_item.mH + rho * torch.eye(self.m, dtype=rho.dtype, device=rho.device)
        factor = torch.linalg.cholesky(gram)
        dtype = torch.promote_types(gram.dtype, y.dtype)
        factor, rows = factor.to(dtype), y.to(dtype)
        if len(factor) == 1:  # one system for all items
            return torch.cholesky_solve(rows.mT, factor[0]).mT.to(torch.promote_types(y.dtype, self.matrix.dtype))
        v = torch.cholesky_solve(rows.unsqueeze(-1), factor).squeeze(-1)
        return v.to(torch.promote_types(y.dtype, self.matrix.dtype))

    def pinv(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return self._product(torch.linalg.pinv(at_least_single(self.matrix)).to(self.matrix.dtype), y).view(
            -1, *self.in_shape
        )

    def norm(self) -> Tensor:
        if min(self.m, self.n) > _EXACT_NORM_SIZE:
            return super().norm()
        a = self.matrix.to(torch.promote_types(self.matrix.dtype, torch.float64))
        gram = a @ a.mH if self.m <= self.n else a.mH @ a
        largest: Tensor = torch.linalg.eigvalsh(gram)[..., -1]
        norm = largest.clamp_min(0).sqrt().to(self.matrix.real.dtype)
        return norm if self.n_items is None else norm.repeat_interleave(self.repeats)

    def take(self, index: Index) -> "Matrix":
        items = item_numbers(index).tolist()
        if self.n_items is None or items == list(range(self.n_items)):
            return self
        runs = [(item, len(list(run))) for item, run in itertools.groupby(i // self.repeats for i in items)]
        repeats = runs[0][1] if len({length for _, length in runs}) == 1 else 1
        distinct = [item for item, length in runs for _ in range(length // repeats)]
        if distinct == list(range(len(self.matrix))):  # repeated: no copy
            whole = copy.copy(self)
            whole._buffers = dict(self._buffers)
            whole.repeats, whole.n_items = repeats, repeats * len(distinct)
            return whole
        # the base class selects by copying: the matrix is aligned like a fresh one, so products are bitwise the same
        taken = super().take(distinct)
        assert isinstance(taken, Matrix)
        taken.repeats, taken.n_items = repeats, repeats * len(distinct)
        return taken

    def replaced(self, matrix: Tensor, in_shape: tuple[int, ...] | None = None) -> "Matrix":
        """Another matrix, (m', n') or (B, m', n'), shared by the items as this one is."""
        other = Matrix(matrix, in_shape)
        other.n_items, other.repeats = self.n_items, self.repeats
        return other

    def _product(self, matrix: Tensor, vectors: Tensor) -> Tensor:
        """(m, n) or (B / repeats, m, n) times (B, n)."""
        if vectors.dtype != matrix.dtype:
            return self._mixed_product(matrix, vectors)
        if matrix.ndim == 2:
            return vectors @ matrix.mT
        if self.repeats == 1:
            return torch.bmm(matrix, vectors.unsqueeze(-1)).squeeze(-1)
        return (vectors.view(-1, self.repeats, vectors.shape[-1]) @ matrix.mT).flatten(0, 1)

    def _mixed_product(self, matrix: Tensor, vectors: Tensor) -> Tensor:
        """The product of a real and a complex factor."""
        if vectors.real.dtype != matrix.real.dtype:
            raise ValueError(f"got {vectors.dtype}, but A is {matrix.dtype}: convert one of them, as by A.double()")
        if matrix.is_complex():
            return self._product(matrix, vectors.to(matrix.dtype))
        return on_parts(lambda part: self._product(matrix, part), vectors)


def _by_rows(transposed: Tensor, vectors: Tensor) -> Tensor:
    """(n, m) times (B, m), a few rows of the (m, n) matrix at a time: down to a third of the time on CPUs."""
    product = vectors.new_zeros(len(vectors), len(transposed))
    for columns, entries in zip(torch.split(transposed, _ROWS, 1), torch.split(vectors, _ROWS, 1), strict=True):
        product.addmm_(entries, columns.mT)
    return product
