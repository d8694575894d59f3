"""Neural networks: plain nn.Modules that know no losses and no measurements."""

from lit_inverse.networks.conv_decoder import ConvDecoder
from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.deep_decoder import DeepDecoder
from lit_inverse.networks.fourier_features import FourierFeatures
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.pyramid_decoder import PyramidDecoder
from lit_inverse.networks.siren import SIREN
from lit_inverse.networks.skip_unet import SkipUNet
from lit_inverse.networks.two_layer import TwoLayerGenerator
from lit_inverse.networks.vae import VAE

__all__ = [
    "SIREN",
    "VAE",
    "ConvDecoder",
    "DCGANGenerator",
    "DeepDecoder",
    "FourierFeatures",
    "ImageGenerator",
    "PyramidDecoder",
    "SkipUNet",
    "TwoLayerGenerator",
]
