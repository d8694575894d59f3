"""What is done to an image file before it is x."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

_ORIENTATION = 0x0112  # EXIF tag


@dataclass(frozen=True)
class Preparation:
    """From an image file to a tensor: upright, grey or RGB, centre crop, resize.

    Alpha is dropped. Grey is the luma of ITU-R 601 (Pillow's "L"). Resizing is Pillow's bilinear filter, which averages
    over the pixels that become one, and rounds 8-bit images to 8 bits: the transformation of CS-DIP (Van Veen et al.
    2018). 8-bit and 16-bit images are divided by 255 and 65535; floating point ones are taken as they are, 0 black and
    1 white.

    Args:
        mode: "L" for grey, "RGB" for colour.
        crop: side in pixels of the square cut from the middle, None for the whole image.
        size: side in pixels to which the square is resized, None to leave it.

    Raises:
        ValueError: mode is neither, or crop or size is not positive.
    """

    mode: Literal["L", "RGB"]
    crop: int | None
    size: int | None

    def __post_init__(self) -> None:
        if self.mode not in ("L", "RGB"):
            raise ValueError(f"mode is {self.mode!r}, expected 'L' for grey or 'RGB'")
        for name, side in (("crop", self.crop), ("size", self.size)):
            if side is not None and side < 1:
                raise ValueError(f"{name} is {side}, expected a positive number of pixels or null")

    def shape(self, path: Path) -> tuple[int, int, int]:
        """(C, H, W) of the prepared image, from the header of the file where that is enough.

        Raises:
            ValueError: the file is no image or does not suit crop and size.
        """
        try:
            with path.open("rb") as file, Image.open(file) as image:
                width, height = image.size
                # Else swapped sides do not matter, and to look for the tag in a PNG costs decoding it.
                if width != height and not self.crop and not self.size and _ORIENTATION in image.getexif():
                    width, height = ImageOps.exif_transpose(image).size
        except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error and more, depending on the format
            raise ValueError(f"{path} is not an image: remove or rename it ({error})") from error
        return self._channels, *self._sides(path, height, width)

    def __call__(self, path: Path) -> Tensor:
        """The prepared image (C, H, W), float32 with black at 0 and white at 1.

        Raises:
            ValueError: the file can not be decoded or does not suit crop and size.
        """
        try:
            # Not Image.open(path): then Pillow maps uncompressed TIFFs into memory, and rotated ones in a wrong shape.
            with path.open("rb") as file, Image.open(file) as stored:
                image = _with_one_scale(ImageOps.exif_transpose(stored), self.mode)
        except Exception as error:
            raise ValueError(f"{path} can not be decoded, is it truncated? Remove or replace it ({error})") from error
        width, height = image.size
        sides = self._sides(path, height, width)
        if self.crop:
            left, top = (width - self.crop) // 2, (height - self.crop) // 2
            image = image.crop((left, top, left + self.crop, top + self.crop))
        if self.size:
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        array = np.array(image)
        pixels = torch.from_numpy(array).float() / (255 if array.dtype == np.uint8 else 1)
        pixels = pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]
        return pixels.expand(self._channels, *sides).contiguous()

    @property
    def _channels(self) -> int:
        return 3 if self.mode == "RGB" else 1

    def _sides(self, path: Path, height: int, width: int) -> tuple[int, int]:
        if self.crop and min(height, width) < self.crop:
            raise ValueError(f"{path} is {height} x {width} (height x width), smaller than the crop of {self.crop}")
        if self.size and not self.crop and height != width:
            raise ValueError(
                f"{path} is {height} x {width}: to {self.size} x {self.size} it would be distorted, set crop"
            )
        side = self.size or self.crop
        return (side, side) if side else (height, width)


def _with_one_scale(image: Image.Image, mode: str) -> Image.Image:
    """8-bit pixels in the mode asked for, or, if the file has more than 8 bits, one band of floats in [0, 1]."""
    if not image.mode.startswith(("I", "F")):
        return image.convert(mode)
    white = 1 if image.mode == "F" else 65535  # 16-bit files open as "I;16" and, with some formats, as "I"
    return Image.fromarray(np.asarray(image, dtype=np.float32) / np.float32(white))
