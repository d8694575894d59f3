"""A linear operator between vectors over one field."""

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Matrix
from lit_inverse.operators.items import reals

_MOST_ENTRIES = 1 << 22  # of a matrix that is formed, and ...
_MOST_VALUES = 1024  # ... its singular values: its decomposition then takes about a second


class Flattened:
    """A as a map of vectors (B, n) to vectors (B, rows), both real or both complex.

    For real x and complex y, y is taken as real numbers, two for each; for complex x, y is complex.

    Args:
        operator: A.
        y: (B, *out_shape), gives precision and device.

    Attributes:
        dtype: of both vectors.
        n, rows: their lengths.
    """

    def __init__(self, operator: LinearOperator, y: Tensor) -> None:
        self.operator = operator
        self.dtype = operator.adjoint(torch.zeros_like(y)).dtype
        self.as_pairs = y.is_complex() and not self.dtype.is_complex
        self.n, self.rows = operator.n, operator.m * (2 if self.as_pairs else 1)
        self.device = y.device

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
        y = torch.view_as_complex(y.reshape(len(y), -1, 2)) if self.as_pairs else y
        return self.operator.adjoint(y.reshape(-1, *self.operator.out_shape)).flatten(1)

    def matrix(self) -> Tensor:
        """A of all items (rows, n), or one per item (B, rows, n), column by column; of any operator."""
        if isinstance(self.operator, Matrix) and not self.as_pairs:
            matrix = self.operator.matrix.to(self.dtype)
            return matrix if self.operator.n_items is None else matrix.repeat_interleave(self.operator.repeats, 0)
        n_items = self.operator.n_items or 1
        units = torch.eye(self.n, dtype=self.dtype, device=self.device)
        repeated = self.operator.take(torch.arange(n_items).repeat_interleave(self.n))
        columns = self._measured(repeated, units.repeat(n_items, 1)).view(n_items, self.n, self.rows).mT
        return columns if self.operator.n_items else columns[0]

    def _measured(self, operator: LinearOperator, x: Tensor) -> Tensor:
        return self.measurements(operator(x.reshape(-1, *operator.in_shape)))
