"""Columns of an operator and their inner products."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator


def unit_vectors(operator: LinearOperator, block: int) -> Iterator[Tensor]:
    """The unit vectors e_1, ..., e_n in batches of at most `block`, (b, *in_shape).

    Raises:
        ValueError: when the operator has one A per item: its constants would be those of many.
    """
    if operator.n_items is not None:
        raise ValueError(f"the operator holds {operator.n_items} matrices, one per item, expected a shared one")
    for first in range(0, operator.n, block):
        units = torch.eye(min(block, operator.n - first), operator.n, dtype=torch.float32).roll(first, 1)
        yield units.to(operator.like).view(-1, *operator.in_shape)


def gram_matrix(operator: LinearOperator, block: int = 1024) -> Tensor:
    """A^H A, (n, n)."""
    return torch.cat([operator.normal(units).flatten(1) for units in unit_vectors(operator, block)]).mT
