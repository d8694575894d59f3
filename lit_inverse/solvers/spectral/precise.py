"""The precision of decompositions."""

import torch
from torch import Tensor


def precise(x: Tensor) -> Tensor:
    """x in double precision, but on devices that have none."""
    return x if x.device.type == "mps" else x.to(torch.promote_types(x.dtype, torch.float64))
