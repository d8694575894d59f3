"""A matrix that was trained."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from lit_inverse.operators.matrix import Matrix
from lit_inverse.paths import ConfigPath


class Learned(Matrix):
    """y = A vec(x) with the A that an `MLPDecoder` was trained with, by `LearnedMeasurementsModule`.

    Args:
        in_shape: shape of x without the batch.
        checkpoint: of a run of train.py, or an exported one; or several, of different m.
        m: number of measurements, by which one of several is chosen; null for the first.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged, or none or several hold a matrix of so many measurements, or it does not fit
            in_shape.
    """

    def __init__(
        self, in_shape: tuple[int, ...], checkpoint: ConfigPath | list[ConfigPath], m: int | None = None
    ) -> None:
        path = _chosen(checkpoint, m)
        try:
            super().__init__(_matrix(path), tuple(in_shape))
        except ValueError as error:
            raise ValueError(f"checkpoint {path}: {error}") from error

    @classmethod
    def determining(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """One checkpoint, whichever others are there for other m."""
        return {**settings, "checkpoint": _chosen(settings["checkpoint"], settings.get("m"))}


def _chosen(checkpoint: ConfigPath | list[ConfigPath], m: int | None) -> ConfigPath:
    paths = checkpoint if isinstance(checkpoint, list) else [checkpoint]
    if not paths:
        raise ValueError("checkpoint is an empty list, expected at least one")
    sizes = [len(_matrix(path)) for path in paths]
    if len(set(sizes)) < len(sizes):
        raise ValueError(f"the checkpoints have m {sizes}, expected each once")
    if m is None:
        return paths[0]
    if m not in sizes:
        raise ValueError(f"m is {m}, expected one of the checkpoints', {sizes}")
    return paths[sizes.index(m)]


def _matrix(path: str | os.PathLike[str]) -> Tensor:
    return _read(os.fspath(path), Path(path).stat().st_mtime_ns if Path(path).exists() else 0)


@functools.lru_cache(maxsize=64)  # asked for each result of a sweep
def _read(path: str, modified: int) -> Tensor:
    """A of a checkpoint that was last written then."""
    from lit_inverse.checkpoints import load_network  # which needs networks, and those need operators
    from lit_inverse.networks import MLPDecoder

    network = load_network(path)
    if not isinstance(network, MLPDecoder):
        raise ValueError(f"checkpoint {path} holds a {type(network).__name__}, expected an MLPDecoder")
    return network.matrix.detach()
