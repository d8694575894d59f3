"""A law: a class with settings, from which objects are drawn once the rest of the arguments is known."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Law(Generic[T]):
    """class_path and init_args of a configuration, e.g. the Gaussian operator before in_shape, m and seed are known."""

    class_path: str
    init_args: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The bare class name."""
        return self.class_path.rpartition(".")[2]

    def __call__(self, *args: Any, **others: Any) -> T:
        """Builds the object from the settings and the arguments that came later."""
        module, _, name = self.class_path.rpartition(".")
        drawn: T = getattr(importlib.import_module(module), name)(*args, **{**self.init_args, **others})
        return drawn
