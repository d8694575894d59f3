"""The size of a matrix's columns, found by applying it."""

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Matrix
from lit_inverse.operators.composition import OnReals, Scaled
from lit_inverse.operators.items import from_parts, real_parts

_PROBES = 8


def column_norm(operator: LinearOperator) -> Tensor:
    """Root mean square of the norms of the columns of A, ||A||_F / sqrt(n), () or (B,).

    Exact for a `Matrix`. Else from 8 vectors v of random signs, the same for all operators: the mean of |(A^H v)_i|^2
    is ||A||_F^2 / n in expectation; always where the rows are orthogonal and of one norm (Fourier, subsampled
    orthonormal transforms), and to a relative standard deviation of 1 / (2 sqrt(n)) for independent entries.

    Raises:
        ValueError: when A is 0.
    """
    size = _column_norm(operator)
    if not bool((size > 0).all()):
        raise ValueError("A is 0, expected an operator that measures something")
    return size


def _column_norm(operator: LinearOperator) -> Tensor:
    if isinstance(operator, OnReals):
        return _column_norm(operator.operator)
    if isinstance(operator, Scaled):
        return abs(operator.factor) * _column_norm(operator.operator)
    if isinstance(operator, Matrix):
        size: Tensor = torch.linalg.vector_norm(operator.matrix, dim=(-2, -1)) / operator.n**0.5
        return size if operator.n_items is None else size.repeat_interleave(operator.repeats)
    source = torch.Generator().manual_seed(0)
    y = operator(torch.zeros(operator.n_items or 1, *operator.in_shape).to(operator.like))
    power = operator.like.new_zeros(len(y))
    for _ in range(_PROBES):
        signs = torch.randint(0, 2, real_parts(y[:1]).shape, generator=source).to(power) * 2 - 1
        power += real_parts(operator.adjoint(from_parts(signs).expand_as(y))).square().flatten(1).mean(1) / _PROBES
    return power.sqrt() if operator.n_items else power.sqrt()[0]
