"""How alike the columns of an operator are."""

import math

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.operators.items import norm
from lit_inverse.theory.constants.gram import unit_vectors
from lit_inverse.theory.estimate import Estimate


@torch.no_grad()
def column_lengths(operator: LinearOperator, block: int = 1024) -> Tensor:
    """||a_i||, (n,), a_i the columns of A, which all items share; `block` of them at a time."""
    return torch.cat([norm(operator(units)) for units in unit_vectors(operator, block)])


@torch.no_grad()
def mutual_coherence(operator: LinearOperator, block: int = 1024) -> Estimate:
    """max over i != j of |<a_i, a_j>| / (||a_i|| ||a_j||), a_i the columns of A (Donoho and Elad 2003).

    Args:
        operator: shared by all items, of at least two columns; memory is that of `block` rows of A^H A.
        block: number of columns at a time.

    Raises:
        ValueError: when there is one column, one is zero, or A is not shared.
    """
    if operator.n < 2:
        raise ValueError("A has one column, expected at least two")
    lengths = column_lengths(operator, block)
    if not bool((lengths > 0).all()):
        raise ValueError(f"column {int((lengths > 0).int().argmin())} of A is zero, its coherence is not defined")
    worst, first = lengths.new_zeros(()), 0
    for units in unit_vectors(operator, block):
        here = lengths[first : first + len(units), None]
        cosines = (operator.normal(units).flatten(1) / lengths / here).abs()
        cosines.diagonal(first).zero_()
        worst, first = torch.maximum(worst, cosines.max()), first + len(units)
    return Estimate(worst.item(), "exact")


def welch_bound(m: int, n: int) -> float:
    """sqrt((n - m) / (m (n - 1))), which no m x n matrix with m < n is less coherent than (Welch 1974); else 0."""
    return math.sqrt((n - m) / (m * (n - 1))) if m < n else 0.0
