"""Slices of which a part of k-space counts as measured."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lit_inverse.challenge_metrics import slice_sums
from lit_inverse.lit_modules.self_supervision import SelfSupervision
from lit_inverse.lit_modules.undersampling import Undersampling
from lit_inverse.magnitudes import center_crop, root_sum_of_squares
from lit_inverse.networks import ReconstructionNetwork
from lit_inverse.operators import Fourier
from lit_inverse.seeding import derive_seed


@dataclass(frozen=True)
class UndersampledSlices:
    """A batch of fastMRI items, and A.

    Attributes:
        batch: of the data module; references "x" and maxima may be missing until they are asked for, and with "size",
            what x would have, images need no x.
        kspace: (B, coils, H, W).
        operator: A, with a mask for each item.
        seeds: of the masks, one per item.
    """

    batch: dict[str, Any]
    kspace: Tensor
    operator: Fourier
    seeds: list[int]

    @classmethod
    def draw(
        cls, batch: dict[str, Any], undersampling: Undersampling, seeds: list[int], dtype: torch.dtype
    ) -> "UndersampledSlices":
        """With masks drawn by these seeds, but for items that bring a mask; in complex numbers of parts of dtype."""
        kspace = batch["kspace"].to(dtype.to_complex())
        _, _, height, width = kspace.shape
        drawn = torch.stack([undersampling.mask((height, width), seed) for seed in seeds])
        operator = Fourier(tuple(kspace.shape[1:]), batch.get("mask", drawn)).to(kspace.real)
        return cls(batch, kspace, operator, seeds)

    @property
    def x(self) -> Tensor:
        """References (B, 1, h, w)."""
        x: Tensor = self.batch["x"].to(self.kspace.real.dtype)
        return x

    @property
    def maximum(self) -> Tensor:
        """Of the volumes, (B,)."""
        maximum: Tensor = self.batch["maximum"].to(self.x)
        return maximum

    @property
    def zero_filled(self) -> Tensor:
        """Magnitudes (B, 1, h, w) from what was measured alone."""
        return self._as_reference(self.operator.pinv(self.operator.sample(self.kspace)))

    def reconstruct(self, network: ReconstructionNetwork) -> Tensor:
        """Magnitudes (B, 1, h, w) by the network."""
        return self._as_reference(network(self.operator.sample(self.kspace), self.operator))

    def self_supervised_loss(self, network: ReconstructionNetwork, law: SelfSupervision) -> Tensor:
        """Without references, ()."""
        seeds = [derive_seed(seed, "operator", "split", 0) for seed in self.seeds]
        return law.loss(network, self.kspace, self.operator.mask, seeds)

    def sums(self, magnitude: Tensor) -> Tensor:
        """`slice_sums` (B, 5) of reconstructions (B, 1, h, w), on the CPU: not every device has float64."""
        return slice_sums(magnitude.cpu(), self.batch["x"].cpu(), self.batch["maximum"].cpu())

    def _as_reference(self, images: Tensor) -> Tensor:
        sizes = {(h, w) for h, w in self.batch["size"].tolist()} if "size" in self.batch else {self.x.shape[-2:]}
        if len(sizes) > 1:
            raise ValueError(f"a batch holds images of the sizes {sorted(sizes)}, expected one: set batch_size to 1")
        return center_crop(root_sum_of_squares(images), *sizes)
