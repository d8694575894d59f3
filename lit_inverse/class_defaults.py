"""A class named in a configuration begins from its own defaults, not from those of the class it replaces."""

import importlib
from typing import Any

from jsonargparse._util import import_object

_typehints: Any = importlib.import_module("jsonargparse._typehints")


def keep_apart() -> None:
    """Makes jsonargparse forget the init_args of a class when another one takes its place.

    It keeps those whose names the two have in common: `network: SIREN` without a width would get that of the network
    it replaces, the default of DeepPrior, and so would a class in the second of two files. Each class then has exactly
    the values that are named for it, and its own defaults. There is no option for it; a test tells when it ceases to
    work. It may be called any number of times.
    """
    _typehints.discard_init_args_on_class_path_change = _forget


def _forget(parser_or_action: Any, previous: Any, value: Any) -> None:
    if not (previous and "init_args" in previous) or _class(previous) is _class(value):
        return
    init_args = _typehints.subclass_spec_as_namespace(previous).init_args
    for key in [key for key, _ in init_args.items(branches=True, nested=False)]:
        init_args.pop(key)


def _class(specification: Any) -> Any:
    return import_object(specification["class_path"])
