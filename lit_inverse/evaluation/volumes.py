"""Errors of volumes, from those of their slices."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lit_inverse.evaluation.decibels import powers
from lit_inverse.evaluation.grouping import Setting, by_setting
from lit_inverse.evaluation.results import Row


@dataclass(frozen=True)
class VolumeError:
    """One solver on one volume in the convention of the fastMRI challenge (`challenge_metrics`); repeats are averaged.

    Attributes:
        slices: number of them that were reconstructed.
        nmse: squared error over squared norm of all of them together.
        psnr: of the mean squared error over all of them, with the volume's maximum, in dB.
        ssim: mean over them, with the volume's maximum as the data range.
    """

    solver: str
    label: str
    volume: str
    setting: Setting
    noise_level: float
    slices: int
    nmse: float
    psnr: float
    ssim: float


def volume_errors(rows: Iterable[Row]) -> list[VolumeError]:
    """The errors of each volume that rows name, by solver, setting and volume; errors in units of its maximum."""
    found, rows = [], [row for row in rows if "volume" in row]
    known = powers(rows)
    for setting, group in by_setting(rows):
        slices: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in group:
            slices[row["volume"], row["repeat"]].append(row)
        repeats: dict[str, list[tuple[int, float, float, float]]] = defaultdict(list)
        for (volume, _), of_volume in slices.items():
            repeats[volume].append((len(of_volume), *_errors(of_volume, known)))
        for volume, values in repeats.items():
            n, *means = np.mean(values, axis=0).tolist()
            first = group[0]
            named = first["solver"], first["label"], volume, setting, first["noise_level"]
            found.append(VolumeError(*named, round(n), *means))
    return found


def _errors(slices: list[Row], known: Mapping[str, float]) -> tuple[float, float, float]:
    """NMSE, PSNR and SSIM; the powers of slices are missing where every solver finds them exactly."""
    mse = sum(row["mse"] for row in slices)
    power = sum(known.get(row["image"], 0.0) for row in slices)
    is_perfect = mse == 0 and any(row["nmse"] is not None for row in slices)
    nmse = 0.0 if is_perfect else mse / power if power else math.nan
    peak = math.inf if mse == 0 else 10 * math.log10(len(slices) / mse)
    return nmse, peak, float(np.mean([row["ssim"] for row in slices]))
