"""Arithmetic of batches, item by item; complex numbers count as pairs of real ones."""

from collections.abc import Callable
from typing import overload

import torch
from torch import Tensor


@overload
def column(scalars: Tensor, like: Tensor) -> Tensor: ...
@overload
def column(scalars: float | Tensor, like: Tensor) -> float | Tensor: ...
def column(scalars: float | Tensor, like: Tensor) -> float | Tensor:
    """Numbers of the items, (B,) or a single one, so that they multiply a (B, ...) batch."""
    return scalars.view(-1, *[1] * (like.ndim - 1)) if isinstance(scalars, Tensor) else scalars


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Re <a, b> of each item, (B, ...) to (B,)."""
    if a.is_complex() != b.is_complex():
        a, b = a.real, b.real
    product: Tensor = torch.linalg.vecdot(reals(a), reals(b))
    return product


def norm(a: Tensor) -> Tensor:
    """||a|| of each item, (B, ...) to (B,)."""
    norms: Tensor = torch.linalg.vector_norm(a.flatten(1), dim=1)
    return norms


def rms(x: Tensor) -> Tensor:
    """Root mean square of the real numbers in each item, (B,); their squares may be beyond the range of the type."""
    numbers = real_parts(x).flatten(1)
    largest = numbers.abs().amax(1).clamp_min(torch.finfo(numbers.dtype).tiny)
    return largest * (numbers / largest[:, None]).square().mean(1).sqrt()


def reals(a: Tensor) -> Tensor:
    """The entries of each item, complex ones as two numbers, (B, N)."""
    return (torch.view_as_real(a.resolve_conj()) if a.is_complex() else a).flatten(1)


def n_reals(x: Tensor) -> int:
    """How many real numbers an item of x (B, ...) has."""
    return reals(x[:1]).numel()


def real_parts(x: Tensor) -> Tensor:
    """(B, ...) as (B, 1, ...), or for a complex x its real and imaginary part, (B, 2, ...)."""
    return torch.view_as_real(x).movedim(-1, 1) if x.is_complex() else x.unsqueeze(1)


def from_parts(parts: Tensor) -> Tensor:
    """The inverse of `real_parts`."""
    return parts.squeeze(1) if parts.shape[1] == 1 else torch.complex(parts[:, 0], parts[:, 1])


def on_parts(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A function of real numbers, of a complex x applied to the real and to the imaginary part."""
    return torch.complex(function(x.real), function(x.imag)) if x.is_complex() else function(x)
