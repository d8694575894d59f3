"""LightningModules: they only wire networks, losses and optimisers."""

from lit_inverse.lit_modules.deep_prior import DeepPriorModule
from lit_inverse.lit_modules.denoiser import DenoiserModule
from lit_inverse.lit_modules.gan import GANModule
from lit_inverse.lit_modules.learned_regularization import LearnedRegularizationModule
from lit_inverse.lit_modules.unfolding import UnfoldingModule
from lit_inverse.lit_modules.vae import VAEModule

__all__ = [
    "DeepPriorModule",
    "DenoiserModule",
    "GANModule",
    "LearnedRegularizationModule",
    "UnfoldingModule",
    "VAEModule",
]
