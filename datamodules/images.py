"""Any folder of images."""

import warnings
from pathlib import Path
from typing import Any, Literal

from datamodules.base import ImageSource, Split, SplitDataModule
from datamodules.folder import EXTENSIONS, ImageFolder
from datamodules.paths import ConfigPath
from datamodules.preparation import Preparation


class ImagesDataModule(SplitDataModule):
    """The images in a folder and the folders below it, sorted by their path; an id is that path, relative to root.

    By default all are test images. Images are decoded one by one when asked for; ``setup`` reads only the headers, to
    find at once what is no image or has the wrong size.

    Args:
        root: the folder.
        mode: "L" for grey, "RGB" for colour.
        crop: side of the square cut from the middle of each image, null for the whole image.
        size: side of the square it is resized to (bilinear), null to leave it. All images must come out equal in size.
        fractions: parts of the images for train, val and test, with sum 1; a hash of its path decides about an image.
        extensions: endings of image files, in any case.
        first: ids of the images to begin with, in this order; the others follow. Those that the folder does not have
            are left out with a warning.
        shared: the arguments of ``SplitDataModule``.

    Raises:
        ValueError: an argument is impossible.
    """

    def __init__(
        self,
        root: ConfigPath,
        mode: Literal["L", "RGB"] = "L",
        crop: int | None = None,
        size: int | None = None,
        fractions: tuple[float, float, float] = (0.0, 0.0, 1.0),
        extensions: tuple[str, ...] = EXTENSIONS,
        first: tuple[str, ...] = (),
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.root = Path(root)
        self.folder = ImageFolder(self.root, Preparation(mode, crop, size), fractions, extensions)
        self.first = first

    def read(self) -> dict[Split, ImageSource]:
        """Lists, checks and splits the files."""
        names = self.folder.names()
        if missing := [name for name in self.first if name not in names]:
            warnings.warn(f"{self.root} has no {', '.join(missing)}: its images begin with others", stacklevel=2)
        begin = [name for name in self.first if name in names]
        return self.folder.read(list(dict.fromkeys([*begin, *names])))
