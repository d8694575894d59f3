"""Masks of training and validation."""

from dataclasses import dataclass

from torch import Tensor

from lit_inverse.operators import masks
from lit_inverse.settings import one_of


@dataclass(frozen=True)
class Undersampling:
    """Column masks, see `masks.cartesian`, of one of several accelerations drawn with equal probability.

    Attributes:
        accelerations: W / kept columns.
        center_fractions: fraction of all columns in the fully sampled block, for each acceleration; None for 0.32 /
            acceleration, which is fastMRI's 0.08 and 0.04 at accelerations of 4 and 8.
        kind: how the other columns are chosen.

    Raises:
        ValueError: when an argument is impossible.
    """

    accelerations: tuple[float, ...] = (4.0,)
    center_fractions: tuple[float, ...] | None = None
    kind: masks.Columns = "random"

    def __post_init__(self) -> None:
        one_of(masks.Columns, kind=self.kind)
        if not self.accelerations or min(self.accelerations) < 1:
            raise ValueError(f"accelerations are {self.accelerations}, expected one or more, all at least 1")
        if self.center_fractions is not None and len(self.center_fractions) != len(self.accelerations):
            raise ValueError(
                f"center_fractions are {self.center_fractions}, expected one for each of {self.accelerations}, or null"
            )

    def mask(self, shape: tuple[int, int], seed: int) -> Tensor:
        """Bool (H, W), drawn by this seed."""
        return self._mask(shape, seed % len(self.accelerations), seed)

    def check(self, shape: tuple[int, int]) -> None:
        """Refuses, with a ValueError, what can not be drawn for k-space of this shape (H, W)."""
        for number in range(len(self.accelerations)):
            self._mask(shape, number, 0)

    def _mask(self, shape: tuple[int, int], number: int, seed: int) -> Tensor:
        acceleration = self.accelerations[number]
        center = 0.32 / acceleration if self.center_fractions is None else self.center_fractions[number]
        return masks.cartesian(shape, acceleration, center, self.kind, seed)


FOURFOLD = Undersampling()
