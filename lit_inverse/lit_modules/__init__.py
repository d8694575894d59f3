"""LightningModules: they only wire networks, losses and optimisers."""

from lit_inverse.lit_modules.vae import VAEModule

__all__ = ["VAEModule"]
