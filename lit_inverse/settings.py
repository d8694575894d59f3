"""Checks of constructor arguments: a ValueError that names the setting, what came and what was expected."""

import math
from collections.abc import Collection, Sequence
from typing import Any, get_args


def positive(**settings: float | None) -> None:
    """Refuses what is not a finite number > 0; None passes."""
    for name, value in settings.items():
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}, expected a finite number > 0")


def not_negative(**settings: float) -> None:
    """Refuses what is not a finite number >= 0."""
    for name, value in settings.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is {value}, expected a finite number >= 0")


def below_1(**settings: float) -> None:
    """Refuses what is not in [0, 1)."""
    for name, value in settings.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name} is {value}, expected 0 <= {name} < 1")


def at_least_1(**settings: int | tuple[int, ...] | None) -> None:
    """Refuses numbers below 1, in a tuple too, and an empty one; None passes."""
    for name, value in settings.items():
        if value is not None and min(value if isinstance(value, tuple) else (value,), default=0) < 1:
            raise ValueError(f"{name} is {value}, expected at least 1")


def one_of(words: Any, **settings: object) -> None:
    """Refuses what is not one of the words of a Literal."""
    for name, value in settings.items():
        if value not in get_args(words):
            raise ValueError(f"{name} is {value!r}, expected one of {', '.join(get_args(words))}")


def some_of(words: Collection[str], **settings: Sequence[str]) -> None:
    """Refuses lists that are empty, or have another word than these."""
    for name, chosen in settings.items():
        if not chosen or not {*chosen} <= {*words}:
            raise ValueError(f"{name} are {list(chosen)}, expected some of {', '.join(words)}")
