"""Neural networks: plain nn.Modules that know no losses and no measurements."""

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.vae import VAE

__all__ = ["VAE", "DCGANGenerator", "ImageGenerator"]
