"""States of several fits advanced together."""

import torch
from torch import Tensor

from lit_inverse import seeding


class PerFit:
    """State of F fits: tensors with the fits along their first axis, and parts that are such states themselves."""

    def select(self, index: Tensor) -> None:
        """Keeps the fits of these numbers."""
        for name, value in list(vars(self).items()):
            if isinstance(value, Tensor):
                setattr(self, name, value[index])
            elif isinstance(value, PerFit):
                value.select(index)


def source_of(seed: int, purpose: str) -> torch.Generator:
    """One independent stream of random numbers per fit and purpose."""
    return seeding.generator(seeding.derive_seed(seed, "solver", purpose, 0))
