"""Loaders that go on where they stood, and data modules that have them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler


class EpochSampler(Sampler[int]):
    """All items in an order that depends on seed and epoch alone.

    One generator gives the orders of all epochs one after the other, as those of torch's RandomSampler in a DataLoader
    with that generator: with these the shipped weights were trained.

    Args:
        n: number of items.
        seed: of the generator.

    Attributes:
        epoch: number of the next epoch, from 0. Lightning sets it; else each whole epoch raises it.
    """

    def __init__(self, n: int, seed: int) -> None:
        self.n, self.seed, self.epoch = n, seed, 0
        self._drawn, self._source = 0, torch.Generator().manual_seed(seed)  # how many epochs' orders

    def __len__(self) -> int:
        return self.n

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch is next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        if self._drawn > self.epoch:
            self._drawn, self._source = 0, torch.Generator().manual_seed(self.seed)
        while self._drawn <= self.epoch:
            torch.empty((), dtype=torch.int64).random_(generator=self._source)  # what a loader draws for its processes
            order: Tensor = torch.randperm(self.n, generator=self._source)
            torch.randperm(self.n, generator=self._source)  # RandomSampler draws once more when an epoch is over
            self._drawn += 1
        yield from order.tolist()
        self.epoch += 1


class ResumableLoader(DataLoader[Any]):
    """A `DataLoader` whose sampler, or iterable dataset, has an `epoch`; it knows how much of it has been given.

    Lightning keeps that in checkpoints. From one made in mid-epoch, training goes on with the batches that were left.
    """

    _epoch = 0
    _n_given = 0
    _resume: tuple[int, int] | None = None  # epoch and number of batches

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        # A generator, which does nothing before its first batch is asked for: Lightning makes some of no use.
        epoch, n_skipped = self._resume or (0, 0)
        order = self.dataset if isinstance(self.dataset, IterableDataset) else self.sampler
        self._epoch, self._n_given, self._resume = getattr(order, "epoch", 0), 0, None
        if epoch != self._epoch:
            n_skipped = 0
        for batch in super().__iter__():
            self._n_given += 1
            if self._n_given > n_skipped:
                yield batch

    def state_dict(self) -> dict[str, int]:
        """The epoch and the number of its batches that have been given."""
        return {"epoch": self._epoch, "n_given": self._n_given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Lets the epoch go on after these batches."""
        self._resume = state["epoch"], state["n_given"]


class LoadedDataModule(pl.LightningDataModule, ABC):
    """A data module with the loaders of its splits.

    Attributes:
        batch_size: items per batch of every loader; the last batch may be smaller, none is dropped.
        num_workers: processes that read items, 0 to read them in the main process.
        seed: seed of the order of the training items; the global random generator is not touched.
        collate: makes a batch of items; torch's default where it is None.
    """

    batch_size: int
    num_workers: int = 0
    seed: int
    collate: Callable[[list[Any]], Any] | None = None

    @abstractmethod
    def dataset(self, split: str) -> Dataset[Any]:
        """The items of a split, "train", "val" or "test"."""

    @property
    @abstractmethod
    def has_validation(self) -> bool:
        """Whether there are validation items."""

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of the training items in a new order in each epoch."""
        items = self.dataset("train")
        return ResumableLoader(items, sampler=EpochSampler(len(items), self.seed), **self._options)  # type: ignore[arg-type]

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """Batches of the validation items; no loader, and so no validation, where there are none."""
        return DataLoader(self.dataset("val"), **self._options) if self.has_validation else []

    def test_dataloader(self) -> DataLoader[Any]:
        """Batches of the test items."""
        return DataLoader(self.dataset("test"), **self._options)

    def predict_dataloader(self) -> DataLoader[Any]:
        """Batches of the test items."""
        return self.test_dataloader()

    @property
    def _options(self) -> dict[str, Any]:
        """Of all loaders."""
        return {
            "batch_size": self.batch_size,
            "num_workers": self.num_workers,
            "persistent_workers": self.num_workers > 0,
            "collate_fn": self.collate,
            # A loader that is given none draws from the global generator.
            "generator": torch.Generator().manual_seed(self.seed),
        }
