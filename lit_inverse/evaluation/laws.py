"""A law: a class with settings, from which objects are drawn once the rest of the arguments is known."""

import importlib
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from lit_inverse.provenance import sha256

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

    @property
    def drawn_class(self) -> type[T]:
        """The class of what is drawn."""
        found: type[T] = _load(self.class_path)
        return found

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Arguments of the class's constructor."""
        return inspect.signature(_load(self.class_path)).parameters

    def identity(self) -> dict[str, Any]:
        """Class and settings as plain data."""
        settings: dict[str, Any] = plain({"class_path": self.class_path, "init_args": self.init_args})
        return settings

    def __call__(self, *args: Any, **others: Any) -> T:
        """Builds the object from the settings and the arguments that came later."""
        drawn: T = _load(self.class_path)(*args, **{**self.init_args, **others})
        return drawn


def plain(value: Any) -> Any:
    """Settings as plain data: what a result depends on, and nothing else.

    Files count by the sha256 of their content, classes by their shortest public path; which file a setting came from
    does not count.
    """
    if isinstance(value, os.PathLike):
        return {"sha256": sha256(Path(value))}
    if isinstance(value, Mapping):
        settings = {key: plain(item) for key, item in value.items() if key != "__path__"}
        return settings | ({"class_path": _public(value["class_path"])} if "class_path" in value else {})
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)


def versions_within(settings: dict[str, Any]) -> dict[str, int]:
    """class_path -> version of the solvers among a solver's settings, the first x of another say, where it is not 1."""
    found: dict[str, int] = {}
    for value in settings.get("init_args", {}).values():
        if isinstance(value, dict) and "class_path" in value:
            version = getattr(_load(value["class_path"]), "version", 1)
            found |= {value["class_path"]: version} if version != 1 else {}
            found |= versions_within(value)
    return found


def _public(class_path: str) -> str:
    """lit_inverse.solvers.Lasso for lit_inverse.solvers.lasso.Lasso: it stays when the class moves to another file."""
    named = _load(class_path)
    name, modules = class_path.rpartition(".")[2], named.__module__.split(".")
    for depth in range(1, len(modules)):
        package = ".".join(modules[:depth])
        if getattr(importlib.import_module(package), name, None) is named:
            return f"{package}.{name}"
    return class_path


def _load(class_path: str) -> Any:
    module, _, name = class_path.rpartition(".")
    return getattr(importlib.import_module(module), name)
