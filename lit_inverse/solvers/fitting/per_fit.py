"""States of several fits advanced together."""

from torch import Tensor


class PerFit:
    """State of F fits: tensors with the fits along their first axis, and parts that are such states themselves."""

    def select(self, index: Tensor) -> None:
        """Keeps the fits of these numbers."""
        for name, value in list(vars(self).items()):
            if isinstance(value, Tensor):
                setattr(self, name, value[index])
            elif isinstance(value, PerFit):
                value.select(index)
