"""What stands for an array where its numbers are not needed."""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Fingerprint:
    """Shape, type and hash of an array: equal only if all its bytes are.

    Attributes:
        digest: blake2b of the bytes, 32 hexadecimal digits.
        dtype: name of the type, such as "torch.complex64".
        shape: of the array.
    """

    digest: str
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, x: Tensor) -> "Fingerprint":
        """That of a tensor on the CPU."""
        digest = hashlib.blake2b(x.contiguous().view(torch.uint8).numpy().data, digest_size=16)
        return cls(digest.hexdigest(), str(x.dtype), tuple(x.shape))

    def __str__(self) -> str:
        return f"{self.digest} {self.dtype} {self.shape}"
