"""What torch can not compute in half precision."""

import torch
from torch import Tensor


def at_least_single(x: Tensor) -> Tensor:
    """x in single precision or more: torch has no half-precision FFT on CPUs and no complex half products."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
