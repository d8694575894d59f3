"""Which files are there, and which split they belong to."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from datamodules.base import SPLITS, Split
from datamodules.fastmri.volume import Challenge
from datamodules.folder import split_names


def list_volumes(root: Path, challenge: Challenge, fractions: tuple[float, float, float]) -> dict[Split, list[str]]:
    """Names of the files of each split, relative to root and sorted; none is opened.

    Where root has a folder multicoil_train, multicoil_val or multicoil_test (or singlecoil_...), as published, these
    are the splits. Else all files in the folder root/multicoil (or root/singlecoil), or in root itself, are dealt by
    `fractions` and the hash of their names. Files end in .h5, and may lie in further folders.

    Raises:
        FileNotFoundError: root does not exist, or there is no file.
        ValueError: root is not a folder.
    """
    if not root.exists():
        raise FileNotFoundError(f"the folder {root} does not exist: set root to the folder of the volumes")
    if not root.is_dir():
        raise ValueError(f"{root} is a file: set root to the folder of the volumes")
    published = {split: root / f"{challenge}_{split}" for split in SPLITS}
    if any(folder.is_dir() for folder in published.values()):
        parts = {split: _names(root, folder) for split, folder in published.items()}
    else:
        own = root / challenge
        parts = split_names(_names(root, own if own.is_dir() else root), fractions)
    if not any(parts.values()):
        raise FileNotFoundError(f"{root} and the folders for {challenge} below it hold no file ending in .h5")
    return parts


def sample(names: Sequence[str], rate: float) -> list[str]:
    """A part of the names, at least one, by their hash: that of a lower rate is a part of it."""
    by_hash = sorted(names, key=lambda name: hashlib.blake2b(f"sample {name}".encode()).digest())
    kept = set(by_hash[: max(1, round(rate * len(names)))])
    return [name for name in names if name in kept]


def _names(root: Path, folder: Path) -> list[str]:
    """Without what programs hide; a folder or broken link of such a name is for the inspection to tell of."""
    relative = (path.relative_to(root) for path in folder.rglob("*.h5"))
    return sorted(path.as_posix() for path in relative if not any(part.startswith(".") for part in path.parts))
