"""Chest X-rays."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from datamodules.base import ImageSource, Split, SplitDataModule
from datamodules.folder import ImageFolder
from datamodules.paths import ConfigPath
from datamodules.preparation import Preparation

_NIH_NAME = re.compile(r"(\d{8})_\d{3}")  # ChestX-ray14: 00000001_000.png is the first image of patient 00000001


class ChestXrayDataModule(SplitDataModule):
    """Chest X-rays in a folder: the 512 x 512 in the middle, halved to 256 x 256 grey, one image per patient.

    So CS-DIP prepares them (Van Veen et al. 2018), on [-1, 1]. Pass ``value_range=(-1, 1)`` to have that too.

    Images of one patient are not independent, and in train and test they would leak. Of each patient the first image
    by file name is kept, where the patient is known: from ``metadata``, or from names like those of ChestX-ray14
    (eight digits, underscore, three digits). An image with any other name counts as a patient of its own.

    Args:
        root: the folder; an id is a file's path relative to it.
        metadata: CSV file with a line for each image, null to go by the file names.
        file_column: its column of file names, with or without folders below root.
        patient_column: its column of patients.
        crop: side of the square cut from the middle of each image.
        size: side of the square it is resized to (bilinear).
        fractions: parts of the patients for train, val and test, with sum 1; a hash of the path decides about an image.
        shared: the arguments of ``SplitDataModule``.

    Raises:
        ValueError: an argument is impossible.
    """

    def __init__(
        self,
        root: ConfigPath,
        metadata: ConfigPath | None = None,
        file_column: str = "file",
        patient_column: str = "patient",
        crop: int = 512,
        size: int = 256,
        fractions: tuple[float, float, float] = (0.0, 0.0, 1.0),
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.root = Path(root)
        self.metadata = None if metadata is None else Path(metadata)
        self.columns = (file_column, patient_column)
        self.folder = ImageFolder(self.root, Preparation("L", crop, size), fractions)

    def read(self) -> dict[Split, ImageSource]:
        """Lists the files, keeps one per patient, checks and splits them.

        Raises:
            FileNotFoundError: root or metadata does not exist.
            ValueError: metadata lacks a column or an image, or a file is not a suitable image.
        """
        names = self.folder.names()
        patients = patients_by_name(names) if self.metadata is None else self._patients_by_metadata(names)
        # In a dict the last entry of a key stays, so in reverse order it is the first image of a patient.
        first = {patient: name for name, patient in zip(reversed(names), reversed(patients), strict=True)}
        return self.folder.read(sorted(first.values()))

    def _patients_by_metadata(self, names: Sequence[str]) -> list[str]:
        assert self.metadata is not None
        table = read_patients(self.metadata, *self.columns)
        patients = [table.get(name) or table.get(PurePosixPath(name).name) for name in names]
        unknown = [name for name, patient in zip(names, patients, strict=True) if not patient]
        if unknown:
            raise ValueError(
                f"{self.metadata} names no patient for {len(unknown)} of {len(names)} images, first {unknown[0]}: "
                "add them to the table or set metadata to null"
            )
        return [patient for patient in patients if patient]


def patients_by_name(names: Sequence[str]) -> list[str]:
    """The patient of each image by the naming of ChestX-ray14; by any other name the image is its own patient."""
    matches = ((name, _NIH_NAME.fullmatch(PurePosixPath(name).stem)) for name in names)
    return [match[1] if match else name for name, match in matches]


def read_patients(path: Path, file_column: str, patient_column: str) -> dict[str, str]:
    """The table {file: patient} of a CSV file with a header line.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a CSV file, or lacks one of the columns.
    """
    if not path.is_file():
        raise FileNotFoundError(f"metadata is {path}, which is not a file: expected a CSV table of files and patients")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a CSV table in UTF-8: {error}") from error
    columns = list(rows[0]) if rows else []
    if file_column not in columns or patient_column not in columns:
        raise ValueError(
            f"{path} has the columns {columns}, expected {file_column!r} and {patient_column!r}: "
            "set file_column and patient_column"
        )
    return {row[file_column]: row[patient_column] for row in rows}
