"""Volumes in the format of fastMRI, drawn: what is known of the anatomy is that it is made of ellipsoids."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor

from datamodules.base import Split
from datamodules.fastmri import phantom
from datamodules.fastmri.header import write_header
from datamodules.fastmri.reference import centred_kspace, root_sum_of_squares
from datamodules.fastmri.volume import Challenge, Volume

EMBEDDED: dict[Split, range] = {"train": range(12), "val": range(12, 16), "test": range(16, 20)}


@dataclass(frozen=True)
class DrawnVolume:
    """A volume in memory.

    Attributes:
        entry: what an index says of it.
        kspace: complex64 (slices, coils, H, W).
        reference: float32 (slices, h, w).
    """

    entry: Volume
    kspace: Tensor
    reference: Tensor


@dataclass(frozen=True)
class SyntheticVolumes:
    """A law of volumes: y_c = F (S_c m exp(i phi)) + eta.

    The magnitude m is a section through ellipsoids: by turns the phantom of Shepp and Logan, turned and shifted a
    little, and random ones. The phase phi is a random polynomial of second order in the place. The sensitivities S_c of
    coils on a ring are complex bells with sum_c |S_c|^2 = 1; a single coil has S = 1. The noise eta is complex
    Gaussian. References are those of the noisy k-space. Volume number i depends on the law and i alone.

    Args:
        n_slices: slices of a volume.
        n_coils: coils; None for files of the single-coil challenge.
        shape: (H, W) of k-space.
        crop: (h, w) of the references and of what the anatomy fills; None for (H, W).
        noise: sqrt(E|eta|^2) of an entry over the largest m.
        seed: of all that is drawn.

    Raises:
        ValueError: a number is impossible.
    """

    n_slices: int = 4
    n_coils: int | None = 4
    shape: tuple[int, int] = (96, 96)
    crop: tuple[int, int] | None = None
    noise: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.n_slices, 1 if self.n_coils is None else self.n_coils, *self.shape, *self.size) < 1:
            raise ValueError(f"{self} has a number below 1, expected slices, coils and pixels")
        if self.size[0] > self.shape[0] or self.size[1] > self.shape[1]:
            raise ValueError(f"crop is {self.crop}, expected at most the shape {self.shape}")
        if not 0 <= self.noise < math.inf or self.seed < 0:
            raise ValueError(f"noise is {self.noise} and seed {self.seed}, expected at least 0")

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the references."""
        return self.crop or self.shape

    def draw(self, number: int, name: str = "volume.h5") -> DrawnVolume:
        """Volume of a number >= 0."""
        stream = np.random.SeedSequence([self.seed, number]).generate_state(1, np.uint64)[0]
        source = torch.Generator().manual_seed(int(stream))
        places = phantom.places(self.shape, self.size)
        gain = 2 ** float(phantom.uniform(source, -1, 1))  # scanners differ
        ellipsoids = phantom.shepp_logan(source) if number % 2 == 0 else phantom.random_ellipsoids(source)
        heights = phantom.heights(self.n_slices)
        magnitude = torch.stack([phantom.section(ellipsoids, float(z), places, min(self.size) / 2) for z in heights])
        image = torch.polar(gain * magnitude, phantom.phase(source, places, heights))[:, None]
        clean = centred_kspace(image * phantom.sensitivities(source, self.n_coils, places))
        eta = torch.randn((*clean.shape, 2), generator=source, dtype=torch.float64) / math.sqrt(2)
        kspace = (clean + gain * self.noise * torch.view_as_complex(eta)).to(torch.complex64)
        reference = root_sum_of_squares(kspace, self.size)
        return DrawnVolume(self._entry(name, number, reference), kspace, reference)

    def _entry(self, name: str, number: int, reference: Tensor) -> Volume:
        (height, width), (h, w) = self.shape, self.size
        return Volume(
            name,
            self.n_slices,
            self.n_coils or 1,
            self.shape,
            self.size,
            "reconstruction_rss" if self.n_coils else "reconstruction_esc",
            None,
            float(reference.max()),
            float(reference.double().norm()),
            ("AX_SHEPP_LOGAN", "AX_ELLIPSOIDS")[number % 2],
            f"synthetic_{number}",
            (height, width, 1),
            (h, w, 1),
        )


@dataclass(frozen=True)
class DrawnSource:
    """Slices of volumes in memory.

    Args:
        volumes: by name.
    """

    volumes: dict[str, DrawnVolume] = field(repr=False)

    def name(self, volume: Volume) -> str:
        """Its name."""
        return volume.name

    def read(self, volume: Volume, number: int) -> tuple[Tensor, Tensor]:
        """Copies of k-space (coils, H, W) and reference (h, w) of a slice."""
        drawn = self.volumes[volume.name]
        return drawn.kspace[number].clone(), drawn.reference[number].clone()


def embedded_names(challenge: Challenge) -> dict[Split, list[str]]:
    """Names of the volumes that a data module without files draws, as files of the published layout would have."""
    return {
        split: [f"{challenge}_{split}/volume_{number:03d}.h5" for number in numbers]
        for split, numbers in EMBEDDED.items()
    }


def write_synthetic(
    folder: Path,
    n_volumes: int,
    law: SyntheticVolumes | None = None,
    first: int = 0,
    columns: Sequence[int] | None = None,
) -> list[Path]:
    """Writes volumes number `first` and on into a folder, as volume_000.h5, ..., in the format of fastMRI.

    Args:
        folder: is made.
        n_volumes: number of files.
        law: of the volumes; None for small ones, of 4 slices of 4 coils and 96 x 96.
        first: number of the first one.
        columns: the measured columns of k-space: others are zero, a mask is stored and references are not, as in test
            files. None for all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    law = law or SyntheticVolumes()
    paths = [folder / f"volume_{number:03d}.h5" for number in range(first, first + n_volumes)]
    for number, path in enumerate(paths, first):
        _write(path, law.draw(number), columns, law.n_coils is None)
    return paths


def _write(path: Path, drawn: DrawnVolume, columns: Sequence[int] | None, single: bool) -> None:
    entry, kspace = drawn.entry, drawn.kspace[:, 0] if single else drawn.kspace
    with h5py.File(path, "w") as file:
        if columns is not None:
            mask = torch.zeros(kspace.shape[-1], dtype=torch.bool)
            mask[list(columns)] = True
            kspace = kspace * mask
            file["mask"] = mask.numpy()
        else:
            file[str(entry.reference)] = drawn.reference.numpy()
            file.attrs["max"], file.attrs["norm"] = entry.maximum, entry.norm
        file["kspace"] = kspace.numpy()
        file["ismrmrd_header"] = write_header(entry.shape, entry.size)
        file.attrs["acquisition"], file.attrs["patient_id"] = entry.acquisition, entry.patient_id
