"""What is known of a volume without reading it."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Challenge = Literal["multicoil", "singlecoil"]
MatrixSize = tuple[int, int, int]


@dataclass(frozen=True)
class Volume:
    """An entry of the index: shapes and attributes of one file.

    Attributes:
        name: path relative to the root, with "/" in it.
        n_slices: number of slices.
        n_coils: number of coils, 1 of a single-coil volume.
        shape: (H, W) of k-space.
        size: (h, w) of the reference, h <= H and w <= W.
        reference: name of the stored reference, None where there is none.
        columns: the columns of k-space that were measured, None for all of them.
        maximum: of the references of all slices; None where there is no reference.
        norm: the attribute of that name.
        acquisition: kind of measurement, such as "CORPD_FBK" or "AXT2".
        patient_id: the attribute of that name.
        encoded: matrix size (x, y, z) that was measured, by the header; x runs along H, y along W.
        recon: matrix size (x, y, z) of the images, by the header.
    """

    name: str
    n_slices: int
    n_coils: int
    shape: tuple[int, int]
    size: tuple[int, int]
    reference: str | None = None
    columns: tuple[int, ...] | None = None
    maximum: float | None = None
    norm: float | None = None
    acquisition: str | None = None
    patient_id: str | None = None
    encoded: MatrixSize | None = None
    recon: MatrixSize | None = None

    @property
    def has_target(self) -> bool:
        """Whether a reference is stored or can be computed from all of k-space."""
        return self.reference is not None or self.columns is None


def volume_seed(volume: str) -> int:
    """A seed for what all slices of a volume share, such as their mask: 63 bits of its file name without folders.

    As in fastMRI's validation the file name alone decides, wherever the file lies.
    """
    name = PurePosixPath(volume).name.encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1
