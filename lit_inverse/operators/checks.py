"""Numerical checks any operator must pass."""

import copy

import torch
from torch import Tensor

from lit_inverse.operators.base import LinearOperator


def dot_test(operator: LinearOperator, seed: int = 0, complex_input: bool = False) -> float:
    """Relative error of <A x, y> = <x, A^H y> on random float64 data; below 1e-10 for a right adjoint.

    Args:
        operator: the operator; a float64 copy of it is tested.
        seed: of the random x and y.
        complex_input: draws a complex x. For a real x the real parts of the inner products are compared.

    Returns:
        The largest over the batch of |<A x, y> - <x, A^H y>| / max(||A x|| ||y||, ||x|| ||A^H y||).
    """
    operator = copy.deepcopy(operator).double()
    source = torch.Generator().manual_seed(seed)
    dtype = torch.complex128 if complex_input else torch.float64
    x = torch.randn(operator.n_items or 3, *operator.in_shape, generator=source, dtype=dtype)
    x = x.to(operator.like.device)
    a_x = operator(x)
    y = torch.randn(a_x.shape, generator=source, dtype=a_x.dtype).to(x.device)
    a_h_y = operator.adjoint(y)
    difference = _inner(a_x, y) - _inner(x, a_h_y)
    if not complex_input:
        difference = difference.real
    scale = torch.maximum(_norm(a_x) * _norm(y), _norm(x) * _norm(a_h_y))
    return float((difference.abs() / scale).max())


def _inner(a: Tensor, b: Tensor) -> Tensor:
    dtype = torch.complex128
    return (a.flatten(1).to(dtype) * b.flatten(1).to(dtype).conj()).sum(1)


def _norm(a: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(a.flatten(1), dim=1)
    return norms
