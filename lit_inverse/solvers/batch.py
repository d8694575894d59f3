"""States of the items of a batch, which end one by one."""

import dataclasses
from typing import Any, Self

from torch import Tensor


class Batch:
    """To be mixed into dataclasses whose tensors are (B, ...)."""

    def take(self, index: Tensor) -> Self:
        """The selected items: of tensors, and of fields that have a `take` themselves."""

        def taken(value: Any) -> Any:
            if isinstance(value, Tensor):
                return value[index]
            return value.take(index) if hasattr(value, "take") else value

        state: Any = self
        fields = {field.name: taken(getattr(self, field.name)) for field in dataclasses.fields(state)}
        selected: Self = dataclasses.replace(state, **fields)
        return selected
