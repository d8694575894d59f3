"""Noise levels that fall from iteration to iteration."""

from dataclasses import dataclass

from torch import Tensor

from lit_inverse.solvers.batch import Batch


@dataclass(frozen=True)
class NoiseLevels(Batch):
    """A geometric sequence from `first` to `last` in stages of equal length; after them `last`.

    Attributes:
        first: (B,), > 0.
        last: (B,), > 0.
        n_iter: number of iterations that all stages have together.
        n_stages: their number; where it is `n_iter`, each iteration has its own level.
    """

    first: Tensor
    last: Tensor
    n_iter: int
    n_stages: int

    def _stage(self, k: int) -> int:
        return (min(k, self.n_iter) - 1) * self.n_stages // self.n_iter

    def at(self, k: int) -> Tensor:
        """The levels of iteration k = 1, 2, ..., (B,)."""
        if self.is_last(k):
            return self.last
        return self.first * (self.last / self.first) ** (self._stage(k) / (self.n_stages - 1))

    def is_last(self, k: int) -> bool:
        """Whether the levels of iteration k are the last ones."""
        return self._stage(k) == self.n_stages - 1
