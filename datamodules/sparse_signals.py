"""Sparse vectors, drawn."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from datamodules.base import Split
from datamodules.loader import ResumableLoader
from datamodules.paths import ConfigPath
from datamodules.signals import SignalsDataModule


class SparseSignalsDataModule(SignalsDataModule):
    """x (n,) whose entries are N(0, 1) with probability `density`, otherwise 0; or with exactly `n_nonzero` of them.

    The benchmark of the LISTA family (Chen et al. 2018, Sec. 5: n = 500, density .1). The test and validation sets are
    fixed. Training batches are drawn anew in each epoch, on the device they are used on, from the seed, the epoch and
    their number; or the training set too is fixed and finite, for what depends on its size: that of N signals begins
    like that of more.

    An item is {"x": (n,) float32, "id": "test/17"}; x has no value range.

    Args:
        n: number of entries.
        density: expected share of entries that are not 0.
        n_nonzero: number of entries that are not 0, for all signals the same; null for `density`.
        n_train: number of training signals; null to draw them anew.
        n_val, n_test: numbers of signals of the fixed sets.
        batch_size: signals in a batch.
        n_batches: batches in an epoch of signals drawn anew, where n_train is null.
        test_file: NumPy file with all test signals instead of n_test drawn ones: (n, N) or (N, n) in .npy, or "x_test"
            of an .npz; (N, n) where N = n.
        seed: of all that is drawn.

    Raises:
        ValueError: when a number is impossible, or the file holds no such array.
        FileNotFoundError: when there is no such file.
    """

    def __init__(
        self,
        n: int = 500,
        density: float = 0.1,
        n_nonzero: int | None = None,
        n_train: int | None = None,
        n_val: int = 1000,
        n_test: int = 1000,
        batch_size: int = 256,
        n_batches: int = 100,
        test_file: ConfigPath | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(n, {"train": n_train, "val": n_val, "test": n_test}, batch_size, seed)
        if n_batches < 1:
            raise ValueError(f"n_batches is {n_batches}, expected at least 1")
        if not 0 < density <= 1:
            raise ValueError(f"density is {density}, expected a number above 0, at most 1")
        if n_nonzero is not None and not 1 <= n_nonzero <= n:
            raise ValueError(f"n_nonzero is {n_nonzero}, expected from 1 to n = {n}")
        self.density, self.n_nonzero, self.n_batches = density, n_nonzero, n_batches
        self.test_file = None if test_file is None else Path(test_file)

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of signals drawn anew, or of the fixed training set in a new order in each epoch."""
        if self.sizes["train"] is None:
            return ResumableLoader(_Numbers(self), batch_size=None, generator=torch.Generator())
        return super().train_dataloader()

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Draws a training batch on the device its number has come to."""
        if "x" in batch:
            return batch
        number: Tensor = batch["number"]
        source = torch.Generator(number.device).manual_seed(self._seed("train", *number.tolist()))
        x = self.draw(self.batch_size, source)
        return {"x": x, "id": [f"train/{'/'.join(map(str, number.tolist()))}/{i}" for i in range(len(x))]}

    def draw(self, count: int, source: torch.Generator) -> Tensor:
        shape, device = (count, self.n), source.device
        chance = torch.rand(shape, generator=source, device=device, dtype=torch.float32)
        values = torch.randn(shape, generator=source, device=device, dtype=torch.float32)
        if self.n_nonzero is None:
            return torch.where(chance < self.density, values, 0)
        largest = chance.topk(self.n_nonzero, 1).indices
        return torch.zeros_like(values).scatter(1, largest, values.gather(1, largest))

    def _fixed(self, split: Split, size: int) -> Tensor:
        if split == "test" and self.test_file is not None:
            return _read(self.test_file, self.n)
        return super()._fixed(split, size)


class _Numbers(IterableDataset[dict[str, Tensor]]):
    """Epoch, process and number of each batch of an epoch, from which the batch is drawn."""

    def __init__(self, data: SparseSignalsDataModule) -> None:
        self.data = data

    def __len__(self) -> int:
        return self.data.n_batches

    @property
    def epoch(self) -> int:
        """That of the training which asks."""
        return self.data.trainer.current_epoch if self.data.trainer else 0

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        rank = self.data.trainer.global_rank if self.data.trainer else 0
        for number in range(self.data.n_batches):
            yield {"number": torch.tensor([self.epoch, rank, number])}


def _read(path: Path, n: int) -> Tensor:
    """Signals (N, n) of a NumPy file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}, expected test signals in a .npy or .npz file")
    try:
        content = np.load(path)
        array = content if isinstance(content, np.ndarray) else content["x_test"]
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no signals, expected an array, or one called x_test in an .npz") from error
    if array.ndim != 2 or n not in array.shape:
        raise ValueError(f"{path} holds an array of shape {array.shape}, expected (n, N) or (N, n) with n = {n}")
    x = torch.from_numpy(np.ascontiguousarray(array if array.shape[1] == n else array.T)).float()
    if not torch.isfinite(x).all():
        raise ValueError(f"{path} has entries that are not finite numbers, expected none: mend the file")
    return x
