"""Complex numbers as pairs of real ones."""

import torch
from torch import Tensor


def real_parts(x: Tensor) -> Tensor:
    """(B, ...) as (B, 1, ...), or for a complex x its real and imaginary part, (B, 2, ...)."""
    return torch.view_as_real(x).movedim(-1, 1) if x.is_complex() else x.unsqueeze(1)


def from_parts(parts: Tensor) -> Tensor:
    """The inverse of `real_parts`."""
    return parts.squeeze(1) if parts.shape[1] == 1 else torch.complex(parts[:, 0], parts[:, 1])


def n_reals(x: Tensor) -> int:
    """How many real numbers an item of x (B, ...) has."""
    return real_parts(x[:1]).numel()


def rms(x: Tensor) -> Tensor:
    """Root mean square of the real numbers in x, (B,); their squares may be beyond the range of the type."""
    numbers = real_parts(x).flatten(1)
    largest = numbers.abs().amax(1).clamp_min(torch.finfo(numbers.dtype).tiny)
    return largest * (numbers / largest[:, None]).square().mean(1).sqrt()
