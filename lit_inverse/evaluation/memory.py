"""What to do where memory is short."""

from collections.abc import Callable

import torch
from torch import Tensor


def in_halves(function: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """function(batch), (B, ...) to (B, ...), of its halves one after the other where the whole does not fit."""
    try:
        return function(batch)
    except Exception as error:
        if len(batch) == 1 or not is_out_of_memory(error):
            raise
    half = len(batch) // 2  # the exception, which held what did not fit, is gone here
    return torch.cat([in_halves(function, part) for part in (batch[:half], batch[half:])])


def is_out_of_memory(error: Exception) -> bool:
    """Also when it comes from a library below torch: "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", ..."""
    message = str(error).lower()
    signs = ("not enough memory", "allocate memory", "alloc_failed", "out of memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in message for sign in signs)
