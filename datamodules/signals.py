"""What the data modules of drawn vectors share."""

from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.base import SPLITS, Item, Split
from datamodules.loader import LoadedDataModule

_BLOCK = 64  # signals drawn at once: sets of N and of more signals begin alike


class Signals(Dataset[Item]):
    """Signals (N, n) by number."""

    def __init__(self, x: Tensor, split: str) -> None:
        self.x, self.split = x, split

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Item:
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside of a split of {len(self)} signals")
        return {"x": self.x[index], "id": f"{self.split}/{index}"}


class SignalsDataModule(LoadedDataModule):
    """Interface of the data modules of vectors (n,), with everything but the drawing.

    Args:
        n: number of entries.
        sizes: numbers of signals of the fixed sets; null where signals are drawn anew.
        batch_size: signals in a batch.
        seed: of all that is drawn, and of the order of the training signals.

    Raises:
        ValueError: when a number is impossible.
    """

    value_range = None

    def __init__(self, n: int, sizes: dict[Split, int | None], batch_size: int, seed: int) -> None:
        super().__init__()
        numbers = {"n": n, **{f"n_{split}": size for split, size in sizes.items()}, "batch_size": batch_size}
        for name, value in numbers.items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if seed < 0:
            raise ValueError(f"seed is {seed}, expected at least 0")
        self.n, self.sizes, self.batch_size, self.seed = n, sizes, batch_size, seed
        self._sets: dict[Split, Tensor] = {}

    @abstractmethod
    def draw(self, count: int, source: torch.Generator) -> Tensor:
        """Signals (count, n) in float32, on the device of the generator."""

    @property
    def item_shape(self) -> tuple[int]:
        """(n,)."""
        return (self.n,)

    def setup(self, stage: str | None = None) -> None:
        """Finds the fixed sets, the same in every process; a second call does nothing."""
        for split, size in self.sizes.items():
            if size is not None:
                self.dataset(split)

    def dataset(self, split: str) -> Signals:
        """The items of a fixed set.

        Raises:
            ValueError: when there is no such split, or its signals are drawn anew.
        """
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        size = self.sizes[split]
        if size is None:
            raise ValueError("training signals are drawn anew in each epoch, expected n_train for a fixed set")
        if split not in self._sets:
            self._sets[split] = self._fixed(split, size)
        return Signals(self._sets[split], split)

    @property
    def has_validation(self) -> bool:
        """Whether there are validation items."""
        return True

    def _fixed(self, split: Split, size: int) -> Tensor:
        """The signals (N, n) of a set."""
        source = torch.Generator().manual_seed(self._seed(split))
        return torch.cat([self.draw(_BLOCK, source) for _ in range(-(-size // _BLOCK))])[:size]

    def _seed(self, split: Split, *numbers: int) -> int:
        return int(np.random.SeedSequence([self.seed, SPLITS.index(split), *numbers]).generate_state(1, np.uint64)[0])
