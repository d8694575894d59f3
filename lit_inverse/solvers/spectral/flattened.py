"""A linear operator between vectors over one field."""

from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Matrix
from lit_inverse.operators.items import reals

_MOST_ENTRIES = 1 << 22  # of a matrix that is formed, and ...
_MOST_VALUES = 1024  # ... its singular values: its decomposition then takes about a second
_BLOCK = 1 << 22  # entries of the vectors a matrix is found from at once


class Flattened:
    """A as a map of vectors (B, n) to vectors (B, rows), both real or both complex.

    For real x and complex y, y is taken as real numbers, two for each; for complex x, y is complex.

    Args:
        operator: A.
        y: (B, *out_shape), gives precision and device.

    Attributes:
        dtype: of both vectors.
        n, rows: their lengths.
        repeats: how many items in a row share a matrix.
    """

    def __init__(self, operator: LinearOperator, y: Tensor) -> None:
        self.operator = operator
        self.dtype = operator.adjoint(torch.zeros_like(y)).dtype
        self.as_pairs = y.is_complex() and not self.dtype.is_complex
        self.n, self.rows = operator.n, operator.m * (2 if self.as_pairs else 1)
        self.like = y[:0]
        self.repeats = operator.repeats if isinstance(operator, Matrix) else 1

    @property
    def is_small(self) -> bool:
        """Whether it pays to form its matrices."""
        at_hand = isinstance(self.operator, Matrix) or self.operator.n_items is None
        return at_hand and self.n * self.rows <= _MOST_ENTRIES and min(self.n, self.rows) <= _MOST_VALUES

    def measurements(self, y: Tensor) -> Tensor:
        """y (B, *out_shape) as vectors (B, rows)."""
        return reals(y) if self.as_pairs else y.flatten(1).to(self.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return self._measured(self.operator, x)

    def adjoint(self, y: Tensor) -> Tensor:
        """(B, rows) to (B, n)."""
        return self._back(self.operator, y)

    def matrix(self) -> Tensor:
        """A of all items (rows, n), or one per item (B / repeats, rows, n), of any operator.

        Column by column, or row by row where there are fewer of them, in blocks.
        """
        if isinstance(self.operator, Matrix):
            return self.operator.matrix.to(self.dtype)
        found = self._images(self.n, self._measured) if self.n <= self.rows else self._images(self.rows, self._back).mH
        return found if self.operator.n_items else found[0]

    def _images(self, number: int, product: Callable[[LinearOperator, Tensor], Tensor]) -> Tensor:
        """What becomes of so many unit vectors, as columns."""
        n_items, blocks = self.operator.n_items or 1, []
        for units in torch.split(torch.arange(number), max(1, _BLOCK // (n_items * max(self.n, self.rows)))):
            repeated = self.operator.take(torch.arange(n_items).repeat_interleave(len(units)))
            vectors = self.like.new_zeros(len(units), number, dtype=self.dtype)
            vectors[torch.arange(len(units)), units] = 1
            blocks.append(product(repeated, vectors.repeat(n_items, 1)).view(n_items, len(units), -1))
        return torch.cat(blocks, 1).mT

    def _measured(self, operator: LinearOperator, x: Tensor) -> Tensor:
        return self.measurements(operator(x.reshape(-1, *operator.in_shape)))

    def _back(self, operator: LinearOperator, y: Tensor) -> Tensor:
        y = torch.view_as_complex(y.reshape(len(y), -1, 2)) if self.as_pairs else y
        return operator.adjoint(y.reshape(-1, *operator.out_shape)).flatten(1)
