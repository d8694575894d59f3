"""Training of the end-to-end variational network."""

from typing import Any

import torch
from torch import Tensor

from lit_inverse.challenge_metrics import ssim
from lit_inverse.lit_modules.reconstruction import ReconstructionModule
from lit_inverse.lit_modules.undersampled_slices import UndersampledSlices
from lit_inverse.networks import ReconstructionNetwork, VarNet


class VarNetModule(ReconstructionModule):
    """Minimises 1 - SSIM, with the maximum of the volume as data range (Sriram et al. 2020, Sec. 4); Adam.

    The defaults are the network and the settings of the paper, at an acceleration of 4, for 50 epochs.

    Args:
        network: to be trained; a `VarNet` with the constructor's defaults by default.
        lr: learning rate of Adam in the first epochs.
        shared: settings of `ReconstructionModule`, also before training.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit.
    """

    def __init__(self, network: ReconstructionNetwork | None = None, lr: float = 3e-4, **shared: Any) -> None:
        super().__init__(network=network or VarNet(), lr=lr, **shared)

    def error(self, magnitude: Tensor, slices: UndersampledSlices) -> Tensor:
        return 1 - ssim(magnitude, slices.x, slices.maximum).mean()

    def optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), self.lr, fused=True)
