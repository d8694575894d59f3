"""Accelerated MRI."""

import warnings
from pathlib import Path
from typing import Literal, get_args

from datamodules.base import SPLITS, Split
from datamodules.fastmri.dataset import Slices, collate
from datamodules.fastmri.fingerprints import Fingerprints
from datamodules.fastmri.index import Found, Index, default_cache
from datamodules.fastmri.listing import list_volumes, sample
from datamodules.fastmri.reader import Files
from datamodules.fastmri.synthetic import EMBEDDED, DrawnSource, SyntheticVolumes, embedded_names
from datamodules.fastmri.volume import Challenge, Volume
from datamodules.folder import check_fractions
from datamodules.loader import LoadedDataModule
from datamodules.paths import ConfigPath

_OF_STAGE: dict[str | None, tuple[Split, ...]] = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",)}


class FastMRIDataModule(LoadedDataModule):
    """k-space and reference images of MRI slices, from files in the format of fastMRI (Zbontar et al. 2018; HDF5).

    Items are described in `SliceItem`: complex k-space of all coils, centred; the magnitude image x; the maximum of the
    volume. x is the stored reconstruction_rss, or reconstruction_esc of a single coil; where none is stored, the root
    sum of squares of the coil images of fully sampled k-space, cropped to the matrix size of the header. Units are
    those of the file. Volumes may differ in size, slices in a batch may not. No file is read before one of its slices
    is asked for, but for volumes without the attribute `max`, whose references are read once.

    Without a root: 20 drawn volumes (12 train, 4 val, 4 test) of 4 slices, 4 coils and 96 x 96, see `SyntheticVolumes`.

    With one: the published folders root/multicoil_train, multicoil_val, multicoil_test (singlecoil_...) where one of
    them is there. Else all .h5 files in root/multicoil, or in root, dealt to the splits volume by volume.

    Files of undersampled k-space (the published test sets) hold the dataset `mask` and, mostly, no reference. They are
    refused, as there is nothing to measure errors against and nothing more to undersample. With
    `require_targets: false` they are for prediction: their items have `mask`, and `size` in the place of x and maximum.

    Args:
        root: the folder; null for drawn volumes.
        challenge: "multicoil", or "singlecoil" for the emulated single coil.
        fractions: parts of the volumes for train, val and test with sum 1, where there are no published folders; a hash
            of its name decides about a volume.
        acquisition: kinds of volumes to keep, such as [CORPD_FBK, AXT2]; null for all.
        slices: the fraction of each volume's slices that is taken from its middle; or [first, end], numbers of slices
            from 0, without the end.
        volume_sample_rate: fraction of the training volumes that is used; a hash of its name decides about a volume.
        require_targets: refuses undersampled files.
        damaged: "refuse" ends with an error that names a damaged file; "skip" warns of each and goes on without it. A
            slice that turns out to be damaged when it is read is an error in any case: set `check_values` to know it
            before.
        check_values: looks for NaN and infinity in all numbers of a file when it is indexed, which reads it once, and
            whether its attribute `max`, the unit of all errors, is the maximum of its references.
        cache: folder of the remembered indices; null for lit_inverse/fastmri in the user's cache folder. Only files
            that were changed or replaced are looked at again. The same holds for the fingerprints of slices by which
            evaluations know their results.
        batch_size: slices per batch of every loader; the last batch may be smaller, none is dropped.
        num_workers: processes that read slices, 0 to read them in the main process.
        seed: seed of the order of the training items; the global random generator is not touched.

    Raises:
        ValueError: an argument is impossible.
    """

    value_range = None
    collate = staticmethod(collate)
    shown_range = (0.0, 1.0)  # magnitudes are compared in units of the maximum of their volume

    def __init__(
        self,
        root: ConfigPath | None = None,
        challenge: Challenge = "multicoil",
        fractions: tuple[float, float, float] = (0.0, 0.0, 1.0),
        acquisition: tuple[str, ...] | None = None,
        slices: float | tuple[int, int] = 1.0,
        volume_sample_rate: float = 1.0,
        require_targets: bool = True,
        damaged: Literal["refuse", "skip"] = "refuse",
        check_values: bool = False,
        cache: ConfigPath | None = None,
        batch_size: int = 1,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if challenge not in get_args(Challenge):
            raise ValueError(f"challenge is {challenge!r}, expected 'multicoil' or 'singlecoil'")
        if damaged not in ("refuse", "skip"):
            raise ValueError(f"damaged is {damaged!r}, expected 'refuse' or 'skip'")
        check_fractions(fractions)
        if not 0 < volume_sample_rate <= 1:
            raise ValueError(f"volume_sample_rate is {volume_sample_rate}, expected a number above 0, at most 1")
        if batch_size < 1 or num_workers < 0:
            raise ValueError(
                f"batch_size is {batch_size} and num_workers {num_workers}, expected at least 1 and at least 0"
            )
        self.root = None if root is None else Path(root)
        self.challenge: Challenge = challenge
        self.fractions, self.slices, self.volume_sample_rate = fractions, _checked_slices(slices), volume_sample_rate
        self.acquisition = None if acquisition is None else tuple(acquisition)
        self.require_targets, self.damaged, self.check_values = require_targets, damaged, check_values
        self.cache = default_cache() if cache is None else Path(cache)
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self._listed: dict[Split, list[str]] | None = None
        self._slices: dict[Split, Slices] = {}

    @property
    def item_shape(self) -> tuple[int, int, int]:
        """(1, h, w) of the first volume; others may differ."""
        split = next(split for split in (*self._slices, *SPLITS) if self._names[split])
        return 1, *self.dataset(split).volumes[0].size

    def setup(self, stage: str | None = None) -> None:
        """Finds the files, and looks into those that fit, validate or test need; others wait until they are asked for.

        Raises:
            FileNotFoundError: root does not exist, or has no file.
            ValueError: a file is damaged, or none is left.
        """
        names = self._names
        for split in _OF_STAGE.get(stage, ()):
            if names[split] or split != "val":
                self.dataset(split)

    def dataset(self, split: str) -> Slices:
        """The slices of a split: volumes sorted by name, slices by number.

        Raises:
            ValueError: the split is unknown or has no slices, or a file is damaged.
        """
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        if split not in self._slices:
            self._slices[split] = self._draw(split) if self.root is None else self._index(self.root, split)
        return self._slices[split]

    @property
    def has_validation(self) -> bool:
        """Whether there are validation items."""
        return bool(self._names["val"])

    @property
    def _names(self) -> dict[Split, list[str]]:
        """Of the volumes of each split."""
        if self._listed is None:
            self._listed = (
                embedded_names(self.challenge)
                if self.root is None
                else list_volumes(self.root, self.challenge, self.fractions)
            )
            if self.volume_sample_rate < 1:
                self._listed["train"] = sample(self._listed["train"], self.volume_sample_rate)
        return self._listed

    def _draw(self, split: Split) -> Slices:
        law = SyntheticVolumes(n_coils=4 if self.challenge == "multicoil" else None)
        numbers = dict(zip(embedded_names(self.challenge)[split], EMBEDDED[split], strict=True))
        drawn = {name: law.draw(numbers[name], name) for name in self._names[split]}
        return self._select(split, DrawnSource(drawn), [volume.entry for volume in drawn.values()])

    def _index(self, root: Path, split: Split) -> Slices:
        index, files = Index(root, self.challenge, self.cache, self.check_values), Files(root)
        found = index.volumes(self._names[split])
        if self.require_targets:
            found = _without_undersampled(found)
        faults = [f"{root / name}: {fault}" for name, fault in found.faults.items()]
        if faults and self.damaged == "refuse":
            more = f" ({len(faults) - 1} more files are refused)" if len(faults) > 1 else ""
            raise ValueError(f"{faults[0]}; repair or remove the file, or set damaged to 'skip'{more}")
        for fault in faults:
            warnings.warn(f"skipped {fault}", stacklevel=2)
        remembered = Fingerprints(files, index.path.with_suffix(".fingerprints.jsonl"))
        return self._select(split, files, found.volumes, remembered)

    def _select(
        self, split: Split, source: Files | DrawnSource, volumes: list[Volume], remembered: Fingerprints | None = None
    ) -> Slices:
        kept = [volume for volume in volumes if self.acquisition is None or volume.acquisition in self.acquisition]
        items = Slices(source, kept, [self._numbers(volume.n_slices) for volume in kept], remembered)
        if not len(items):
            kinds = ", ".join(sorted({str(volume.acquisition) for volume in volumes})) or "none"
            raise ValueError(
                f"FastMRIDataModule has no {split} slices: its arguments leave {len(self._names[split])} files, "
                f"{len(volumes)} sound, {len(kept)} of the acquisition asked for (there are: {kinds}); "
                f"slices is {self.slices}"
            )
        return items

    def _numbers(self, n_slices: int) -> range:
        if isinstance(self.slices, tuple):
            return range(n_slices)[slice(*self.slices)]
        n_kept = max(1, round(self.slices * n_slices))
        first = (n_slices - n_kept) // 2
        return range(first, first + n_kept)


def _without_undersampled(found: Found) -> Found:
    faults = {
        volume.name: f"is undersampled already (its mask keeps {len(volume.columns)} of {volume.shape[1]} columns), "
        "expected all of k-space: take another split, or set require_targets to false to predict from it"
        for volume in found.volumes
        if volume.columns is not None
    }
    return Found([volume for volume in found.volumes if volume.name not in faults], {**found.faults, **faults})


def _checked_slices(slices: float | tuple[int, int]) -> float | tuple[int, int]:
    if isinstance(slices, int | float):
        if 0 < slices <= 1:
            return slices
    elif len(slices) == 2 and 0 <= slices[0] < slices[1]:
        return slices[0], slices[1]
    raise ValueError(f"slices is {slices}, expected a fraction above 0, at most 1, or two numbers 0 <= first < end")
