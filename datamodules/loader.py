"""A loader that goes on where it stood."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader

from datamodules.item import Item


class ResumableLoader(DataLoader[Item]):
    """A `DataLoader` with a generator, whose state is that of its epoch and how much of the epoch has been given.

    Lightning keeps the state in checkpoints.
    """

    _begin: Tensor | None = None
    _n_given = 0
    _n_skipped = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        skipped, self._n_skipped = self._n_skipped, 0
        self._begin, self._n_given = self.generator.get_state(), 0
        for batch in super().__iter__():
            self._n_given += 1
            if self._n_given > skipped:
                yield batch

    def state_dict(self): return {"generator": self._begin, "n_given": self._n_given}
    def load_state_dict(self, s):
        print("LOAD", s["n_given"])
        self.generator.set_state(s["generator"]); self._n_skipped = s["n_given"]
