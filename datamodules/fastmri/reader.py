"""Reading slices."""

import math
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
import torch
from torch import Tensor

from datamodules.fastmri.reference import root_sum_of_squares
from datamodules.fastmri.volume import Volume

_OPEN_FILES = 32  # of each process


class Source(Protocol):
    """Where slices come from."""

    def read(self, volume: Volume, number: int) -> tuple[Tensor, Tensor | None]:
        """k-space complex64 (coils, H, W) and the stored reference float32 (h, w), if any, of a slice."""

    def name(self, volume: Volume) -> str:
        """What messages call a volume."""


class OpenFiles:
    """HDF5 files open for reading, the latest `limit` of them.

    Handles belong to one process: a copy that is pickled for another one has none, and one that comes over a fork
    opens its own.

    Args:
        limit: number of files that stay open.
    """

    def __init__(self, limit: int = _OPEN_FILES) -> None:
        self.limit = limit
        self._process = os.getpid()
        self._files: OrderedDict[Path, Any] = OrderedDict()

    def __reduce__(self) -> tuple[type["OpenFiles"], tuple[int]]:
        return OpenFiles, (self.limit,)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, path: Path) -> Any:
        """The file, opened if it is not open."""
        if self._process != os.getpid():
            self._process, self._files = os.getpid(), OrderedDict()
        if path not in self._files:
            while len(self._files) >= self.limit:
                self._files.popitem(last=False)[1].close()
            self._files[path] = h5py.File(path, "r")
        self._files.move_to_end(path)
        return self._files[path]


class Files:
    """Slices of files below a folder.

    Args:
        root: the folder that names of volumes are relative to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open = OpenFiles()

    def name(self, volume: Volume) -> str:
        """Its path."""
        return str(self.root / volume.name)

    def read(self, volume: Volume, number: int) -> tuple[Tensor, Tensor | None]:
        """k-space (coils, H, W) and stored reference (h, w) of a slice.

        Raises:
            ValueError: the file can not be read.
        """
        with _reading():
            file = self._open[self.root / volume.name]
            kspace = _numbers(file["kspace"][number], np.complex64)
            reference = None if volume.reference is None else _numbers(file[volume.reference][number], np.float32)
            return kspace.view(volume.n_coils, *volume.shape), reference

    def stamp(self, volume: Volume) -> tuple[int, ...]:
        """`stamp` of the very file that slices are read from, even if another has taken its name meanwhile.

        Raises:
            ValueError: the file can not be read.
        """
        try:
            with _reading():
                return stamp(os.fstat(self._open[self.root / volume.name].id.get_vfd_handle()))
        except ValueError as error:
            raise ValueError(f"{self.name(volume)}: {error}") from error


def stamp(state: os.stat_result) -> tuple[int, ...]:
    """What is another once a file was changed or replaced, also by one of equal size whose time was set back."""
    # a file and the one that takes its name may even share the time of that
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"can not be read ({' '.join(str(error).split())}): was it changed or damaged?") from error


def all_finite(numbers: Tensor) -> bool:
    """Whether no entry is NaN or infinite, in one pass over memory where that is so."""
    entries = torch.view_as_real(numbers) if numbers.is_complex() else numbers
    return math.isfinite(float(entries.sum())) or bool(entries.isfinite().all())  # a sum may also overflow


def read_slice(source: Source, volume: Volume, number: int) -> tuple[Tensor, Tensor | None]:
    """k-space (coils, H, W) of a slice and its reference (h, w), which is computed where none is stored and it can be.

    Raises:
        ValueError: the slice can not be read, is not finite, or is undersampled without saying so.
    """
    try:
        kspace, reference = source.read(volume, number)
        _expect_finite("kspace", kspace)
        if reference is not None:
            _expect_finite(volume.reference, reference)
        elif volume.has_target:
            _expect_full(kspace)
            reference = root_sum_of_squares(kspace, volume.size)
    except ValueError as error:
        raise ValueError(f"{source.name(volume)}, slice {number}: {error}") from error
    return kspace, reference


def _expect_finite(name: str | None, numbers: Tensor) -> None:
    if not all_finite(numbers):
        bad = numbers.numel() - int(numbers.isfinite().sum())
        raise ValueError(f"{name} has {bad} entries that are NaN or infinite, expected finite numbers")


def _expect_full(kspace: Tensor) -> None:
    """Columns at both ends may be zero, where a scanner did not measure them; no others are by chance."""
    measured = (kspace != 0).any(-2).any(0).nonzero().squeeze(1)
    gaps = int(measured[-1] - measured[0]) + 1 - len(measured) if len(measured) else 0
    if gaps:
        raise ValueError(f"kspace lacks {gaps} columns, but the file has no mask: expected a mask, or all columns")


def _numbers(array: np.ndarray[Any, Any], dtype: type[np.generic]) -> Tensor:
    return torch.from_numpy(array.astype(dtype, copy=False))
