"""Training of the U-Net baseline of fastMRI."""

from typing import Any

import torch
from torch import Tensor

from lit_inverse.lit_modules.reconstruction import ReconstructionModule
from lit_inverse.lit_modules.undersampled_slices import UndersampledSlices
from lit_inverse.networks import ReconstructionNetwork, UNetReconstruction


class UNetModule(ReconstructionModule):
    """Minimises the mean of |x_hat - x|, in units of the standard deviation of the zero-filled image; RMSprop.

    The defaults are the network and the settings of Zbontar et al. 2018, Sec. 5.2, and their code, at an acceleration
    of 4, for 50 epochs. Deviation: the code also cuts normalised references off at +-6, here they are as they are.

    Args:
        network: to be trained; a `UNetReconstruction` with the constructor's defaults by default.
        lr: learning rate of RMSprop in the first epochs.
        shared: settings of `ReconstructionModule`, also before training.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit.
    """

    def __init__(self, network: ReconstructionNetwork | None = None, lr: float = 1e-3, **shared: Any) -> None:
        super().__init__(network=network or UNetReconstruction(), lr=lr, **shared)

    def error(self, magnitude: Tensor, slices: UndersampledSlices) -> Tensor:
        std = slices.zero_filled.std((1, 2, 3)).clamp_min(torch.finfo(magnitude.dtype).tiny)
        return ((magnitude - slices.x).abs().mean((1, 2, 3)) / std).mean()

    def optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(self.parameters(), self.lr)
