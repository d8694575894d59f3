"""Operators of scipy and PyLops as ours, and ours as theirs; PyLops does not have to be installed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator as ScipyLinearOperator
from scipy.sparse.linalg import aslinearoperator
from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.linear_function import linear

Array = np.ndarray[Any, np.dtype[Any]]


def from_scipy(
    operator: Any, in_shape: tuple[int, ...] | None = None, out_shape: tuple[int, ...] | None = None
) -> LinearOperator:
    """y = A vec(x) for a scipy `LinearOperator`, a PyLops operator, a sparse matrix or an array, shared by all items.

    Products are taken by numpy on the CPU, in the precision numpy gives them, and returned to the device and in the
    precision of x. A batch is one `matmat`, which many operators split into single products. Autograd and torch.func
    (vmap, jvp, vjp) go through the adjoint.

    Args:
        operator: what scipy.sparse.linalg.aslinearoperator takes, of shape (m, n), real or complex, with an adjoint.
        in_shape: shape of x without the batch, of n entries in all; (n,) by default.
        out_shape: shape of y without the batch, of m entries in all; (m,) by default.

    Raises:
        TypeError: when `operator` is none.
        ValueError: when a shape does not fit.
    """
    return _Imported(aslinearoperator(operator), in_shape, out_shape)


class _Imported(LinearOperator):
    """A scipy LinearOperator on tensors."""

    def __init__(
        self, operator: Any, in_shape: tuple[int, ...] | None = None, out_shape: tuple[int, ...] | None = None
    ) -> None:
        super().__init__()
        self.operator = operator
        m, n = operator.shape
        self.in_shape, self.out_shape = tuple(in_shape or (n,)), tuple(out_shape or (m,))
        if (self.m, self.n) != (m, n):
            raise ValueError(
                f"the operator has shape {(m, n)}, but out_shape {self.out_shape} and in_shape {self.in_shape} "
                f"expect {(self.m, self.n)}"
            )

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return self._rows(self.operator.matmat, self.operator.rmatmat, x).view(-1, *self.out_shape)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return self._rows(self.operator.rmatmat, self.operator.matmat, y).view(-1, *self.in_shape)

    def _rows(self, product: Callable[[Array], Array], adjoint: Callable[[Array], Array], x: Tensor) -> Tensor:
        """Products with the items of x, (B, ...), as rows."""
        is_complex = x.is_complex()

        def pulled_back(v: Tensor) -> Tensor:
            gradient = self._product(adjoint, v)
            return gradient if is_complex else gradient.real

        return linear(lambda v: self._product(product, v), pulled_back, x.flatten(1))

    def _product(self, product: Callable[[Array], Array], x: Tensor) -> Tensor:
        columns = x.detach().cpu().resolve_conj().resolve_neg().numpy().T
        if np.iscomplexobj(columns) and not np.issubdtype(self.operator.dtype, np.complexfloating):
            real, imaginary = np.split(product(np.concatenate([columns.real, columns.imag], 1)), 2, 1)
            rows = (real + 1j * imaginary).T
        else:
            rows = product(columns).T
        precision = x.real.dtype.to_complex() if np.iscomplexobj(rows) else x.real.dtype
        return torch.from_numpy(np.ascontiguousarray(rows)).to(x.device, precision)


def to_scipy(operator: LinearOperator) -> ScipyLinearOperator:
    """A as a scipy LinearOperator of shape (m, n) for the solvers of scipy, PyLops and others.

    It computes on the device and in the precision of A; in float64 where A holds no floating numbers. An A for real x
    only that measures complex numbers, such as `on_reals()`, is exported as the real operator of shape (2 m, n) that
    gives all real parts, then all imaginary parts.

    Args:
        operator: one A for all items, or `operator.take([i])` of one per item.

    Raises:
        ValueError: when there are several A.
    """
    if operator.n_items not in (None, 1):
        raise ValueError(f"there is one A for each of {operator.n_items} items: export operator.take([i])")
    return _Exported(operator)


class _Exported(ScipyLinearOperator):
    """A linear operator on arrays."""

    def __init__(self, operator: LinearOperator) -> None:
        self.operator, self.device = operator, operator.like.device
        holds_numbers = any(held.is_floating_point() or held.is_complex() for held in operator.buffers())
        self.precision = operator.like.dtype if holds_numbers else torch.float64
        y = operator(torch.zeros(1, *operator.in_shape, dtype=self.precision, device=self.device))
        self.splits = y.is_complex() and not operator.adjoint(y).is_complex()
        dtype = (y.real if self.splits else y).cpu().numpy().dtype
        shape = (operator.m * (2 if self.splits else 1), operator.n)
        super().__init__(dtype, shape)  # type: ignore[call-arg]  # the stubs lack it

    def _matmat(self, columns: Array) -> Array:
        x = self._items(columns).view(-1, *self.operator.in_shape)
        return self._columns(self._for(x)(x), self.splits)

    def _rmatmat(self, columns: Array) -> Array:
        y = self._items(columns)
        if self.splits:
            y = torch.complex(y[:, : self.operator.m], y[:, self.operator.m :])
        y = y.to(y.dtype if self.dtype.kind == "f" else y.real.dtype.to_complex())
        return self._columns(self._for(y).adjoint(y.view(-1, *self.operator.out_shape)), False)

    def _matvec(self, column: Array) -> Array:
        return self._matmat(column.reshape(-1, 1)).ravel()

    def _rmatvec(self, column: Array) -> Array:
        return self._rmatmat(column.reshape(-1, 1)).ravel()

    def _for(self, items: Tensor) -> LinearOperator:
        return self.operator.take([0] * len(items)) if self.operator.n_items else self.operator

    def _items(self, columns: Array) -> Tensor:
        dtype = self.precision.to_complex() if np.iscomplexobj(columns) else self.precision
        return torch.from_numpy(np.ascontiguousarray(columns.T)).to(self.device, dtype)

    @staticmethod
    def _columns(items: Tensor, splits: bool) -> Array:
        rows = items.detach().flatten(1)
        rows = torch.cat([rows.real, rows.imag], 1) if splits else rows
        columns: Array = rows.mT.cpu().resolve_conj().numpy()
        return columns
