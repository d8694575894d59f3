"""A first look at a file: is it a volume, and what does it hold?"""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datamodules.fastmri.header import matrix_sizes
from datamodules.fastmri.reader import Files, read_slice
from datamodules.fastmri.volume import Challenge, MatrixSize, Volume

REFERENCES: dict[Challenge, str] = {"multicoil": "reconstruction_rss", "singlecoil": "reconstruction_esc"}
_ROUNDING = 1e-3  # relative, of the attribute max
_AXES: dict[Challenge, tuple[str, ...]] = {
    "multicoil": ("slices", "coils", "height", "width"),
    "singlecoil": ("slices", "height", "width"),
}


def inspect(root: Path, name: str, challenge: Challenge, check_values: bool = False) -> Volume:
    """The volume in a file, by its shapes and attributes.

    Its arrays are read only when that is asked for, or to find the maximum of the references where the attribute `max`
    is missing: the stored references, or all of k-space where none are stored.

    Args:
        root: a folder.
        name: of the file, relative to it.
        challenge: what the file should be.
        check_values: looks at every number.

    Raises:
        ValueError: the file is damaged or something else; the message begins with what is wrong, without the path.
    """
    path = root / name
    if path.is_dir():
        raise ValueError("is a folder, expected an HDF5 file")
    try:
        with h5py.File(path, "r") as file:
            volume = _volume(file, name, challenge)
    except (OSError, RuntimeError, KeyError, TypeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"can not be read ({reason}), expected an HDF5 file: is it complete?") from error
    if check_values or (volume.has_target and volume.maximum is None):
        volume = _read_all(root, volume)
    return volume


def _read_all(root: Path, volume: Volume) -> Volume:
    """The volume with its maximum, after a look at every number."""
    source = Files(root)
    try:
        references = [read_slice(source, volume, number)[1] for number in range(volume.n_slices)]
    except ValueError as error:
        raise ValueError(str(error).removeprefix(f"{source.name(volume)}, ")) from error
    largest = [float(reference.max()) for reference in references if reference is not None]
    if not largest:
        return volume
    if volume.maximum is not None:
        if not math.isclose(volume.maximum, max(largest), rel_tol=_ROUNDING):
            raise ValueError(
                f"the attribute max is {volume.maximum:g}, but the references reach {max(largest):g}, "
                "expected the same: were they scaled anew?"
            )
        return volume
    return replace(volume, maximum=_expect_positive("the maximum of the references", max(largest)))


def _volume(file: Any, name: str, challenge: Challenge) -> Volume:
    keys, attributes = set(file), dict(file.attrs)
    n_slices, n_coils, height, width = _kspace_shape(_dataset(file, "kspace"), challenge)
    encoded, recon = _header(_dataset(file, "ismrmrd_header")) if "ismrmrd_header" in keys else (None, None)
    key, maximum = REFERENCES[challenge], _positive(attributes, "max")
    if key in keys:
        reference = _dataset(file, key)
        size = _reference_size(reference, key, n_slices, (height, width))
        if maximum is None:
            largest = max(float(reference[number].max()) for number in range(n_slices))
            maximum = _expect_positive(f"the maximum of {key}", largest)
    else:
        size = _size_by_header((height, width), recon)
    return Volume(
        name,
        n_slices,
        n_coils,
        (height, width),
        size,
        key if key in keys else None,
        _columns(_dataset(file, "mask"), width) if "mask" in keys else None,
        maximum,
        _positive(attributes, "norm"),
        _text(attributes, "acquisition"),
        _text(attributes, "patient_id"),
        encoded,
        recon,
    )


def _dataset(file: Any, key: str) -> Any:
    """A dataset that is there."""
    try:
        found = file[key]
    except KeyError as error:
        if key in set(file):
            raise ValueError(f"has a {key} that links to nothing, expected an array") from error
        raise ValueError(f"holds no {key}, only {', '.join(map(str, file)) or 'nothing'}") from error
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"has a group {key}, expected an array")
    if found.shape is None:
        raise ValueError(f"has a {key} without a shape, expected an array")
    return found


def _shape(found: Any, key: str, n_axes: int, kind: str, expected: str) -> tuple[int, ...]:
    """Of a dataset of numbers of one kind ("c" complex, "f" real) with all of its parts."""
    if found.dtype.kind != kind:
        raise ValueError(f"{key} has the type {found.dtype}, expected {'complex' if kind == 'c' else 'real'} numbers")
    shape: tuple[int, ...] = found.shape
    if len(shape) != n_axes or 0 in shape:
        raise ValueError(f"{key} has the shape {shape}, expected {expected}")
    if found.chunks:
        n_chunks = math.prod(math.ceil(n / c) for n, c in zip(shape, found.chunks, strict=True))
        if (n_written := found.id.get_num_chunks()) < n_chunks:
            raise ValueError(f"{key} has {n_written} of its {n_chunks} chunks: writing it was interrupted")
    elif not found.is_virtual and found.id.get_storage_size() < found.nbytes:
        raise ValueError(f"{key} was never written: {found.id.get_storage_size()} of {found.nbytes} bytes are there")
    return shape


def _kspace_shape(found: Any, challenge: Challenge) -> tuple[int, int, int, int]:
    """(slices, coils, H, W)."""
    other: Challenge = "singlecoil" if challenge == "multicoil" else "multicoil"
    if found.dtype.kind == "c" and found.ndim == len(_AXES[other]):
        raise ValueError(
            f"kspace has the shape {found.shape}, that of {other} files, expected {_words(challenge)}: "
            f"set challenge to {other}"
        )
    shape = _shape(found, "kspace", len(_AXES[challenge]), "c", f"{_words(challenge)}, none of them 0")
    return shape[0], shape[1] if challenge == "multicoil" else 1, shape[-2], shape[-1]


def _words(challenge: Challenge) -> str:
    return f"({', '.join(_AXES[challenge])})"


def _reference_size(found: Any, key: str, n_slices: int, most: tuple[int, int]) -> tuple[int, int]:
    expected = f"({n_slices}, height, width) with at most the {most[0]} x {most[1]} of kspace"
    n_found, height, width = _shape(found, key, 3, "f", expected)
    if n_found != n_slices or height > most[0] or width > most[1]:
        raise ValueError(f"{key} has the shape {found.shape}, expected {expected}")
    return height, width


def _size_by_header(shape: tuple[int, int], recon: MatrixSize | None) -> tuple[int, int]:
    """That of the images as far as k-space reaches, and square where they are: so narrow fastMRI volumes are stored."""
    if recon is None:
        return shape
    height, width = min(shape[0], recon[0]), min(shape[1], recon[1])
    return (min(height, width),) * 2 if recon[0] == recon[1] else (height, width)


def _columns(found: Any, width: int) -> tuple[int, ...] | None:
    """The measured columns by a mask (W,) of zeros and ones; None for all."""
    if found.dtype.kind not in "biuf" or found.size != width:
        raise ValueError(f"mask has the shape {found.shape} and type {found.dtype}, expected the {width} columns")
    mask = found[()].reshape(-1)
    if not np.isin(mask, (0, 1)).all() or not mask.any():
        raise ValueError("mask has other entries than zeros and ones, or no one, expected the measured columns")
    return None if mask.all() else tuple(np.flatnonzero(mask).tolist())


def _header(found: Any) -> tuple[MatrixSize, MatrixSize]:
    """Encoded and image matrix size."""
    content = found[()] if found.size == 1 else None
    content = content.item() if isinstance(content, np.ndarray | np.generic) else content
    if not isinstance(content, bytes | str):
        raise ValueError(f"ismrmrd_header has the type {found.dtype} and shape {found.shape}, expected one text")
    return matrix_sizes(content if isinstance(content, str) else content.decode(errors="replace"))


def _positive(attributes: Mapping[str, Any], key: str) -> float | None:
    if key not in attributes:
        return None
    value = np.asarray(attributes[key])
    if value.size != 1 or value.dtype.kind not in "iuf":
        raise ValueError(f"the attribute {key} is {value.tolist()!r}, expected a positive number")
    return _expect_positive(f"the attribute {key}", float(value.item()))


def _expect_positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is {value:g}, expected a positive number")
    return value


def _text(attributes: Mapping[str, Any], key: str) -> str | None:
    value = attributes.get(key)
    value = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    if value is not None and not isinstance(value, bytes | str):
        raise ValueError(f"the attribute {key} is {value!r}, expected a text")
    return value.decode(errors="replace") if isinstance(value, bytes) else value
