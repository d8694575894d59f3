"""What the networks of a fit are fed with."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from lit_inverse.seeding import source_of
from lit_inverse.settings import not_negative
from lit_inverse.solvers.fitting.per_fit import PerFit


class Feed(PerFit):
    """The inputs of F fits, from one iteration to the next; this one repeats z (F, *latent_shape)."""

    def __init__(self, z: Tensor) -> None:
        self.z = z

    def __call__(self) -> Tensor:
        return self.z


class Input(ABC):
    """The law of the inputs."""

    @abstractmethod
    def start(self, z: Tensor, seeds: Sequence[int]) -> Feed:
        """The inputs of F fits, from their z (F, *latent_shape) and a seed each."""


class FixedInput(Input):
    """z in every iteration."""

    def start(self, z: Tensor, seeds: Sequence[int]) -> Feed:
        return Feed(z)


class JitteredInput(Input):
    """z + std eps, eps ~ N(0, I) drawn anew in every iteration.

    The noise regularization of Ulyanov et al. 2018 (deep image prior), whose code has std = 1/30 for denoising, beside
    a z of U(0, 0.1).
    """

    def __init__(self, std: float = 1 / 30) -> None:
        not_negative(std=std)
        self.std = std

    def start(self, z: Tensor, seeds: Sequence[int]) -> Feed:
        return _Jitter(z, self.std, [source_of(seed, "jitter") for seed in seeds])


class _Jitter(Feed):
    def __init__(self, z: Tensor, std: float, sources: list[torch.Generator]) -> None:
        super().__init__(z)
        self.std, self.sources = std, sources

    def __call__(self) -> Tensor:
        draws = [torch.randn(self.z.shape[1:], generator=source, dtype=torch.float32) for source in self.sources]
        return self.z + self.std * torch.stack(draws).to(self.z)

    def select(self, index: Tensor) -> None:
        super().select(index)
        self.sources = [self.sources[i] for i in index.tolist()]
