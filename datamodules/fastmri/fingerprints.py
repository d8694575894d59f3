"""Fingerprints of slices, remembered between runs: who asks which slices are there need not read them again."""

import json
from dataclasses import astuple
from pathlib import Path

import torch

from datamodules.fastmri.reader import Files, Source, read_slice
from datamodules.fastmri.volume import Volume
from datamodules.fingerprint import Fingerprint

Origin = list[int | str]
Arrays = dict[str, Fingerprint]  # "kspace" (coils, H, W) and, where there is a reference, "x" (1, h, w)

_FORMAT = 1  # raised when other arrays come from the same files


def read_fingerprints(source: Source, volume: Volume, number: int) -> Arrays:
    """Those of a slice, which is read.

    Raises:
        ValueError: it can not be read, or is not finite.
    """
    kspace, reference = read_slice(source, volume, number)
    x = {} if reference is None else {"x": Fingerprint.of(reference[None])}
    return {"kspace": Fingerprint.of(kspace), **x}


class Fingerprints:
    """Those of the slices of files, each read once as long as its file stays as it is.

    A file of lines, to which several processes may append at the same time, remembers them. Where it can not be
    written, nothing is remembered.

    Args:
        files: where slices are read.
        path: of the file of lines.
    """

    def __init__(self, files: Files, path: Path) -> None:
        self.files, self.path = files, path
        self._known: dict[tuple[str, int], tuple[Origin, Arrays]] | None = None

    def of(self, volume: Volume, number: int) -> Arrays:
        """Those of a slice.

        Raises:
            ValueError: it can not be read, or is not finite.
        """
        if self._known is None:
            self._known = self._load()
        # a computed reference is that of a version of torch
        origin: Origin = [_FORMAT, str(torch.__version__), *self.files.stamp(volume)]
        known_origin, arrays = self._known.get((volume.name, number), ([], {}))
        if known_origin != origin:
            arrays = read_fingerprints(self.files, volume, number)
            self._known[volume.name, number] = origin, arrays
            self._append(json.dumps([volume.name, number, origin, {key: astuple(f) for key, f in arrays.items()}]))
        return arrays

    def _load(self) -> dict[tuple[str, int], tuple[Origin, Arrays]]:
        """What is remembered, without lines that are broken."""
        try:
            lines = self.path.read_text(errors="replace").splitlines()
        except OSError:
            return {}
        known = {}
        for line in lines:
            try:
                name, number, origin, arrays = json.loads(line)
                found = {key: Fingerprint(digest, kind, tuple(shape)) for key, (digest, kind, shape) in arrays.items()}
                known[name, number] = origin, found
            except (ValueError, TypeError, AttributeError):
                continue
        return known

    def _append(self, line: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(f"{line}\n")
        except OSError:
            return
