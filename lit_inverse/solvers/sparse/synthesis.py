"""A Psi: an operator seen through a basis, between real vectors."""

import math

import torch
from torch import Tensor

from lit_inverse.bases import Basis
from lit_inverse.operators import LinearOperator, Matrix, Operator
from lit_inverse.operators.base import Index
from lit_inverse.solvers.requirements import require_linear

_EXPLICIT_SIZE = 1 << 20  # entries of A Psi up to which it is formed: products with it are then faster than with A


class Synthesis(LinearOperator):
    """z -> A Psi z for real coefficients z, flat; complex measurements become (real, imaginary) pairs.

    Args:
        operator: A.
        basis: Psi, whose precision is that of z; it may be higher than that of A.
        dtype: of the measurements.
        centred: subtracts their mean over the measurements from A Psi z and y, which is what scikit-learn's
            fit_intercept does: min over c of ||A Psi z + c - y|| is reached by c = mean(y - A Psi z).

    Raises:
        ValueError: when A is not linear, or complex measurements are to be centred.
    """

    def __init__(self, operator: Operator, basis: Basis, dtype: torch.dtype, centred: bool = False) -> None:
        super().__init__()
        if centred and dtype.is_complex:
            raise ValueError(f"y is {dtype}, expected real measurements with an intercept: set intercept to false")
        self.operator = operator = require_linear(operator)
        self.basis = basis
        self.dtype = dtype
        self.centred = centred
        self._shape = basis.shape or operator.in_shape
        self.in_shape = (math.prod(self._shape),)
        self.out_shape = (operator.m * (2 if dtype.is_complex else 1),)
        self.n_items = operator.n_items

    def signals(self, z: Tensor) -> Tensor:
        """x = Psi z of shape (B, *in_shape of A), real, in the precision of the measurements."""
        return self.basis.synthesis(z.view(-1, *self._shape)).to(self.dtype.to_real())

    def measurements(self, y: Tensor) -> Tensor:
        """y (B, *out_shape of A) as it is compared with A Psi z: real, flat, and centred if need be."""
        y = y.flatten(1)
        y = torch.view_as_real(y).flatten(1) if y.is_complex() else y
        return y - y.mean(1, keepdim=True) if self.centred else y

    def forward(self, x: Tensor) -> Tensor:
        return self.measurements(self.operator(self.signals(x))).to(x.dtype)

    def adjoint(self, y: Tensor) -> Tensor:
        real = y.dtype
        y = y.to(self.dtype.to_real())
        if self.centred:
            y = y - y.mean(1, keepdim=True)
        if self.dtype.is_complex:
            y = torch.view_as_complex(y.view(len(y), -1, 2))
        x = self.operator.adjoint(y.view(-1, *self.operator.out_shape))
        # for a real z the adjoint of z -> A Psi z is the real part
        return self.basis.analysis((x.real if x.is_complex() else x).to(real)).flatten(1)

    def norm(self) -> Tensor:
        return self.operator.norm()

    def take(self, index: Index) -> "Synthesis":
        if self.n_items is None:
            return self
        return Synthesis(self.operator.take(index), self.basis, self.dtype, self.centred)

    def explicit(self, like: Tensor) -> Matrix:
        """The matrix A Psi, on the device and in the dtype of `like`."""
        if isinstance(self.operator, Matrix):
            rows = self.operator.matrix
            if rows.is_complex():
                rows = torch.view_as_real(rows).movedim(-1, -2).flatten(-3, -2)
            signals = rows.reshape(*rows.shape[:-1], *self.operator.in_shape).to(like.dtype)
            rows = self.basis.analysis(signals).reshape(*rows.shape[:-1], self.n)
            rows = rows - rows.mean(-2, keepdim=True) if self.centred else rows
        else:
            rows = self.adjoint(torch.eye(self.m, dtype=like.dtype, device=like.device))
        # columns are gathered one by one to solve on a support: each in one piece
        rows = rows.mT.contiguous().mT
        return self.operator.replaced(rows) if isinstance(self.operator, Matrix) else Matrix(rows)


def is_explicit(operator: Operator, y: Tensor) -> bool:
    """Whether A Psi is to be formed: it is small, and its rows are at hand or those of an A that all items share."""
    size = operator.n * operator.m * (2 if y.is_complex() else 1)
    return size <= _EXPLICIT_SIZE and (isinstance(operator, Matrix) or operator.n_items is None)
