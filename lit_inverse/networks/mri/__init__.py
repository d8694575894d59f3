"""Networks that reconstruct coil images from undersampled k-space."""

from lit_inverse.networks.mri.base import ReconstructionNetwork
from lit_inverse.networks.mri.image_unet import UNetReconstruction
from lit_inverse.networks.mri.varnet import VarNet

__all__ = ["ReconstructionNetwork", "UNetReconstruction", "VarNet"]
