"""What to do where memory is short."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

B = TypeVar("B", Tensor, list[Any])
R = TypeVar("R")


class Portions:
    """Cuts batches into parts of at most `size` items; where memory is short, of half as many from then on."""

    def __init__(self, size: int = sys.maxsize) -> None:
        self.size = size

    def of(self, batch: B, function: Callable[[B], R]) -> Iterator[R]:
        """function(part) of the parts of a batch, one after the other.

        Raises:
            Exception: what the function raises, unless it is want of memory for more than one item.
        """
        first = 0
        while first < len(batch):
            part = batch[first : first + self.size]
            try:
                done = function(part)
            except Exception as error:
                if len(part) == 1 or not is_out_of_memory(error):
                    raise
                self.size = len(part) // 2
            else:
                first += len(part)
                yield done
                continue
            torch.cuda.empty_cache()  # after the exception, which held what did not fit


def is_out_of_memory(error: Exception) -> bool:
    """Also when it comes from a library below torch: "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", ..."""
    message = str(error).lower()
    signs = ("not enough memory", "allocate memory", "alloc_failed", "out of memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in message for sign in signs)
