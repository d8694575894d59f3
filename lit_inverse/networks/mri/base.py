"""What all networks that reconstruct from k-space have in common."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from lit_inverse.operators.fourier import Fourier


class ReconstructionNetwork(nn.Module, ABC):
    """Coil images from the measured part of their k-space, for any mask, size and number of coils.

    Attributes:
        settings: the arguments that build the network anew, plain values.
    """

    settings: dict[str, Any]

    @abstractmethod
    def forward(self, y: Tensor, operator: Fourier) -> Tensor:
        """Complex coil images (B, coils, H, W) from y (B, coils, kept) = A(coil images), whatever their units."""

    @abstractmethod
    def check(self, height: int, width: int) -> None:
        """Refuses, with a ValueError, images of a size that the network can not work on."""
