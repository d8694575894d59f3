"""Smooth vectors, drawn."""

import math
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from datamodules.base import SPLITS, Split
from datamodules.loader import EpochSampler, ResumableLoader
from datamodules.sparse_signals import Signals

_BLOCK = 64  # signals drawn at once: sets of N and of more signals begin alike


class SmoothSignalsDataModule(pl.LightningDataModule):
    """x (n,) = sum_i z_i w_i over the p lowest trigonometric basis functions w_i, with z_i ~ N(0, 1).

    The p-smooth signals of Heckel and Soltanolkotabi 2020 (Sec. 2 and eq. 10), whose untrained networks recover them
    from a number of measurements of the order of p. The sets are fixed; that of N signals begins like that of more.

    An item is {"x": (n,) float32, "id": "test/17"}; x has no value range.

    Args:
        n: number of entries.
        p: number of basis functions, from 1 (constants) to n (everything).
        unit_norm: scales every signal to ||x|| = 1; else E||x||^2 = p.
        n_train, n_val, n_test: numbers of signals.
        batch_size: signals in a batch.
        seed: of all that is drawn, and of the order of the training signals.

    Raises:
        ValueError: when a number is impossible.
    """

    value_range = None

    def __init__(
        self,
        n: int = 300,
        p: int = 20,
        unit_norm: bool = True,
        n_train: int = 10000,
        n_val: int = 1000,
        n_test: int = 1000,
        batch_size: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__()
        counts = {"n": n, "n_train": n_train, "n_val": n_val, "n_test": n_test, "batch_size": batch_size}
        for name, value in counts.items():
            if value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if seed < 0:
            raise ValueError(f"seed is {seed}, expected at least 0")
        if not 1 <= p <= n:
            raise ValueError(f"p is {p}, expected from 1 to n = {n}")
        self.n, self.p, self.unit_norm = n, p, unit_norm
        self.sizes: dict[Split, int] = {"train": n_train, "val": n_val, "test": n_test}
        self.batch_size, self.seed = batch_size, seed
        self._drawn: dict[str, Signals] = {}

    @property
    def item_shape(self) -> tuple[int]:
        """(n,)."""
        return (self.n,)

    def setup(self, stage: str | None = None) -> None:
        """Nothing: a set is drawn when it is asked for, the same in every process."""

    def dataset(self, split: str) -> Signals:
        """The items of a set.

        Raises:
            ValueError: when there is no such split.
        """
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        if split not in self._drawn:
            self._drawn[split] = Signals(self._draw(split), split)
        return self._drawn[split]

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of the training set, in a new order in each epoch."""
        items = self.dataset("train")
        sampler = EpochSampler(len(items), self.seed)
        return ResumableLoader(items, self.batch_size, sampler=sampler, generator=torch.Generator())

    def val_dataloader(self) -> DataLoader[Any]:
        """Batches of the validation set."""
        return DataLoader(self.dataset("val"), self.batch_size, generator=torch.Generator())

    def test_dataloader(self) -> DataLoader[Any]:
        """Batches of the test set."""
        return DataLoader(self.dataset("test"), self.batch_size, generator=torch.Generator())

    predict_dataloader = test_dataloader

    def _draw(self, split: Split) -> Tensor:
        """Signals (N, n) in float32."""
        words = np.random.SeedSequence([self.seed, SPLITS.index(split)]).generate_state(1, np.uint64)
        source, size = torch.Generator().manual_seed(int(words[0])), self.sizes[split]
        shape = _BLOCK, self.p
        blocks = [torch.randn(shape, generator=source, dtype=torch.float32) for _ in range(-(-size // _BLOCK))]
        z = torch.cat(blocks)[:size].double()
        z = z / z.norm(dim=1, keepdim=True) if self.unit_norm else z
        return (z @ trigonometric_basis(self.n, self.p).mT).float()


def trigonometric_basis(n: int, p: int) -> Tensor:
    """The p lowest orthonormal trigonometric functions of n points, (n, p) in float64.

    1, sqrt(2) cos(2 pi t), sqrt(2) sin(2 pi t), sqrt(2) cos(4 pi t), ... at t = j / n, divided by sqrt(n); for even n
    the last of n is the alternating sign.
    """
    frequency = (torch.arange(p, dtype=torch.float64) + 1).div(2, rounding_mode="floor")
    turns = torch.arange(n, dtype=torch.float64)[:, None] * frequency / n
    is_sine = (torch.arange(p) % 2 == 0) & (frequency > 0)
    waves = torch.where(is_sine, (2 * math.pi * turns).sin(), (2 * math.pi * turns).cos())
    once = (frequency == 0) | (2 * frequency == n)
    return waves * ((2 - once.double()) / n).sqrt()
