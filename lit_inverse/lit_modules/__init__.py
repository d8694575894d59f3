"""LightningModules: they only wire networks, losses and optimisers."""

from lit_inverse.lit_modules.deep_prior import DeepPriorModule
from lit_inverse.lit_modules.denoiser import DenoiserModule
from lit_inverse.lit_modules.gan import GANModule
from lit_inverse.lit_modules.learned_measurements import LearnedMeasurementsModule
from lit_inverse.lit_modules.learned_regularization import LearnedRegularizationModule
from lit_inverse.lit_modules.self_supervision import SelfSupervision
from lit_inverse.lit_modules.undersampling import Undersampling
from lit_inverse.lit_modules.unet import UNetModule
from lit_inverse.lit_modules.unfolding import UnfoldingModule
from lit_inverse.lit_modules.vae import VAEModule
from lit_inverse.lit_modules.varnet import VarNetModule

__all__ = [
    "DeepPriorModule",
    "DenoiserModule",
    "GANModule",
    "LearnedMeasurementsModule",
    "LearnedRegularizationModule",
    "SelfSupervision",
    "UNetModule",
    "Undersampling",
    "UnfoldingModule",
    "VAEModule",
    "VarNetModule",
]
