"""What reconstructions are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lit_inverse import challenge_metrics, metrics
from lit_inverse.magnitudes import as_reference
from lit_inverse.solvers import ValueRange


@dataclass(frozen=True)
class Reference:
    """x of a batch, or, where the data brings its own measurements, the magnitude images that belong to them.

    Attributes:
        x: (B, *in_shape), or magnitudes (B, 1, h, w) in their unit.
        unit: (B,), what magnitudes are divided by before they are compared: the maximum of their volume. None for x.
        value_range: of what is compared; None for vectors.
    """

    x: Tensor
    unit: Tensor | None
    value_range: ValueRange | None

    @classmethod
    def of(cls, items: Sequence[Mapping[str, Any]], like: Tensor, value_range: ValueRange | None) -> "Reference":
        """Of items of a data module, on the device and in the precision of `like`."""
        x = torch.stack([item["x"] for item in items])
        x = x.to(like.device, like.real.dtype.to_complex() if x.is_complex() else like.real.dtype)
        if "maximum" not in items[0]:
            return cls(x, None, value_range)
        unit = torch.stack([torch.as_tensor(item["maximum"]) for item in items]).to(x)
        return cls(x / unit.view(-1, 1, 1, 1), unit, value_range)

    def shown(self, x_hat: Tensor, item: int | None = None) -> Tensor:
        """Reconstructions (B, ...), or several of one item, (K, ...), as they are compared with x."""
        if self.unit is None:
            return x_hat
        unit = self.unit.view(-1, 1, 1, 1) if item is None else self.unit[item]
        return as_reference(x_hat, self.x) / unit

    def errors(self, x_hat: Tensor) -> dict[str, Tensor]:
        """Each metric of what is `shown`, by its name, (B,); SSIM of magnitudes as in the fastMRI challenge."""
        x_hat, x = x_hat.cpu(), self.x.cpu()  # in float64, which not every device has
        if self.unit is None:
            return metrics.errors(x_hat, x, self.value_range)
        found = metrics.errors(x_hat, x, None)
        if self.value_range is not None:
            low, high = self.value_range
            found["psnr"] = metrics.psnr(x_hat, x, high - low)
        magnitudes = x_hat.abs() if x_hat.is_complex() else x_hat
        found["ssim"] = challenge_metrics.ssim(magnitudes.double(), x.double(), torch.ones(len(x), dtype=torch.float64))
        return found
