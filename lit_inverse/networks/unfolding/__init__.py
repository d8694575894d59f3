"""Unfolded networks: T steps of an iteration for sparse x, with trained numbers."""

from lit_inverse.networks.unfolding.ada_lista import AdaLISTA
from lit_inverse.networks.unfolding.alista import ALISTA, TiLISTA
from lit_inverse.networks.unfolding.base import UnfoldedNetwork
from lit_inverse.networks.unfolding.conv_lista import ConvLISTA
from lit_inverse.networks.unfolding.hyper_lista import HyperLISTA
from lit_inverse.networks.unfolding.iht import LIHT
from lit_inverse.networks.unfolding.lamp import LAMP
from lit_inverse.networks.unfolding.lista import LISTA
from lit_inverse.networks.unfolding.lista_cp import LISTACP, LISTACPSS
from lit_inverse.networks.unfolding.lvamp import LVAMP
from lit_inverse.networks.unfolding.na_alista import NAALISTA
from lit_inverse.networks.unfolding.phi_net import PhiNet
from lit_inverse.networks.unfolding.step_lista import StepLISTA

__all__ = [
    "ALISTA",
    "LAMP",
    "LIHT",
    "LISTA",
    "LISTACP",
    "LISTACPSS",
    "LVAMP",
    "NAALISTA",
    "AdaLISTA",
    "ConvLISTA",
    "HyperLISTA",
    "PhiNet",
    "StepLISTA",
    "TiLISTA",
    "UnfoldedNetwork",
]
