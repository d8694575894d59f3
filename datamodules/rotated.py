"""Images of another data module, turned: data unlike what a prior was trained on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from datamodules.base import ImageSource, Split, SplitDataModule


@dataclass(frozen=True)
class RotatedImages:
    """The images of a source turned about their middle.

    Args:
        source: the images.
        degrees: how far, anticlockwise.
    """

    source: ImageSource
    degrees: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W), as before."""
        return self.source.shape

    def __len__(self) -> int:
        return len(self.source)

    def name(self, index: int) -> str:
        """That of the image: a sweep draws the same A for it."""
        return self.source.name(index)

    def pixels(self, index: int) -> Tensor:
        """(C, H, W) float32 in [0, 1], interpolated bilinearly; black where nothing was."""
        image = self.source.pixels(index)[None]
        height, width = image.shape[2:]
        cos, sin = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        # where each pixel comes from, in coordinates that go from -1 to 1 over the width and over the height
        origin = torch.tensor([[[cos, -sin * height / width, 0], [sin * width / height, cos, 0]]], dtype=torch.float32)
        grid = affine_grid(origin, list(image.shape), align_corners=False)
        return grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]


class RotatedDataModule(SplitDataModule):
    """The images of another data module, all turned by one angle, with its splits, ids and value range.

    For generators, which never saw such images: their training set is the data itself, not turned.

    Args:
        data: where the images come from.
        degrees: how far they are turned, anticlockwise; black is what comes in from outside.

    Raises:
        ValueError: degrees is not finite.
    """

    def __init__(self, data: SplitDataModule, degrees: float = 30.0) -> None:
        super().__init__(data.batch_size, data.num_workers, data.value_range, data.seed)
        if not math.isfinite(degrees):
            raise ValueError(f"degrees is {degrees}, expected a finite number")
        self.data, self.degrees = data, degrees

    def prepare_data(self) -> None:
        """Downloads what the other one would."""
        self.data.prepare_data()

    def read(self) -> dict[Split, ImageSource]:
        """That of the other one, turned."""
        return {split: RotatedImages(source, self.degrees) for split, source in self.data.read().items()}
