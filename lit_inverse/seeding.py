"""Seeds: one independent stream per (purpose, item, repeat), the same on every device and in every batch."""

import hashlib
import json
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Literal

import torch
from torch import Tensor

Stream = Literal["operator", "noise", "solver"]


def derive_seed(sweep_seed: int, stream: Stream, item_id: str, repeat: int) -> int:
    """Seed of one random stream: the first 63 bits of blake2b over all that names it.

    No solver's name enters, so that all solvers of a sweep see the same A and eta (paired comparisons).
    """
    name = json.dumps([sweep_seed, stream, item_id, repeat]).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1


def operator_seed(sweep_seed: int, drawn_for: str = "", repeat: int = 0) -> int:
    """Of a sweep's A for an image, or its volume; by default of one A for all."""
    return derive_seed(sweep_seed, "operator", drawn_for, repeat)


def noise_seed(sweep_seed: int, image: str, repeat: int = 0) -> int:
    """Of a sweep's eta for an image."""
    return derive_seed(sweep_seed, "noise", image, repeat)


def solver_seed(sweep_seed: int, image: str, repeat: int = 0) -> int:
    """Of what a sweep's solvers draw for an image."""
    return derive_seed(sweep_seed, "solver", image, repeat)


def seed_list(seed: int | Sequence[int]) -> list[int]:
    """The seeds of a shared object (one) or of one per item.

    Raises:
        ValueError: when the list is empty.
    """
    if isinstance(seed, Integral):
        return [int(seed)]
    if not isinstance(seed, Sequence):
        raise ValueError(f"seed is a {type(seed).__name__}, expected an int or a list of ints")
    if len(seed) == 0:
        raise ValueError("seed is an empty list, expected one seed per item")
    return [int(one) for one in seed]


def per_seed(draw: Callable[[int], Tensor], seed: int | Sequence[int]) -> Tensor:
    """draw(seed); of a list of seeds, one per item, what is drawn stacked along a first axis."""
    drawn = [draw(one) for one in seed_list(seed)]
    return torch.stack(drawn) if isinstance(seed, Sequence) else drawn[0]


def generator(seed: int) -> torch.Generator:
    """A CPU generator: numbers are drawn there and then moved, which makes them the same on every device."""
    return torch.Generator().manual_seed(seed)


def source_of(seed: int, purpose: str) -> torch.Generator:
    """One of a solver's streams of an item: independent of the others for another purpose."""
    return generator(derive_seed(seed, "solver", purpose, 0))
