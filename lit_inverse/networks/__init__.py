"""Neural networks: plain nn.Modules that know no losses and no measurements."""

from lit_inverse.networks.conv_decoder import ConvDecoder
from lit_inverse.networks.conv_vae import ConvVAE
from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.deep_decoder import DeepDecoder
from lit_inverse.networks.dncnn import DnCNN
from lit_inverse.networks.drunet import DRUNet
from lit_inverse.networks.fourier_features import FourierFeatures
from lit_inverse.networks.gan import Discriminator, GANGenerator
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.mlp_decoder import MLPDecoder
from lit_inverse.networks.mri import ReconstructionNetwork, UNetReconstruction, VarNet
from lit_inverse.networks.one_hidden_layer import OneHiddenLayer
from lit_inverse.networks.pyramid_decoder import PyramidDecoder
from lit_inverse.networks.relu_generator import ReLUGenerator
from lit_inverse.networks.siren import SIREN
from lit_inverse.networks.skip_unet import SkipUNet
from lit_inverse.networks.two_layer import TwoLayerGenerator
from lit_inverse.networks.unet import UNet
from lit_inverse.networks.unfolding import (
    ALISTA,
    LAMP,
    LIHT,
    LISTA,
    LISTACP,
    LISTACPSS,
    LVAMP,
    NAALISTA,
    AdaLISTA,
    ConvLISTA,
    HyperLISTA,
    PhiNet,
    StepLISTA,
    TiLISTA,
    UnfoldedNetwork,
)
from lit_inverse.networks.vae import VAE

__all__ = [
    "ALISTA",
    "LAMP",
    "LIHT",
    "LISTA",
    "LISTACP",
    "LISTACPSS",
    "LVAMP",
    "NAALISTA",
    "SIREN",
    "VAE",
    "AdaLISTA",
    "ConvDecoder",
    "ConvLISTA",
    "ConvVAE",
    "DCGANGenerator",
    "DRUNet",
    "DeepDecoder",
    "Discriminator",
    "DnCNN",
    "FourierFeatures",
    "GANGenerator",
    "HyperLISTA",
    "ImageGenerator",
    "MLPDecoder",
    "OneHiddenLayer",
    "PhiNet",
    "PyramidDecoder",
    "ReLUGenerator",
    "ReconstructionNetwork",
    "SkipUNet",
    "StepLISTA",
    "TiLISTA",
    "TwoLayerGenerator",
    "UNet",
    "UNetReconstruction",
    "UnfoldedNetwork",
    "VarNet",
]
