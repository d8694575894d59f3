"""Images that are held in memory as one array."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ArrayImages:
    """Grey images from an array, named by their number: "test/0", "test/1", ...

    Args:
        images: (N, H, W), of any real type.
        white: the number that stands for white; black is 0.
        split: first part of the names.
    """

    images: Tensor
    white: float
    split: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(1, H, W)."""
        return 1, self.images.shape[1], self.images.shape[2]

    def __len__(self) -> int:
        return len(self.images)

    def name(self, index: int) -> str:
        """Split and number."""
        return f"{self.split}/{index}"

    def pixels(self, index: int) -> Tensor:
        """(1, H, W) float32 in [0, 1]."""
        return self.images[index].float()[None] / self.white
