"""The residual denoising network of Zhang et al. 2017."""

import torch
from torch import Tensor, nn

from lit_inverse.networks.denoising import DenoisingNetwork, noise_map
from lit_inverse.networks.initialization import initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class DnCNN(DenoisingNetwork):
    """x - R(x): convolutions of 3 x 3, batch norm and ReLU estimate the noise (Zhang et al. 2017, IEEE TIP 26(7)).

    R is conv, relu, then depth - 2 times conv, batch norm, relu, and conv (Sec. III-A); a bias has only the first
    convolution, as in the authors' PyTorch code. The published networks: the default for a single noise level, with
    556,096 weights for grey images, and depth 20, blind, for levels up to 55/255, with 667,072.

    Not homogeneous: noise above the levels of training is left in the image, unless it is scaled down before.

    Args:
        in_channels: C of the images.
        depth: number of convolutions, at least 2.
        width: channels of the hidden layers.
        tell_sigma: whether the noise level is a further channel of the input (as in FFDNet, Zhang et al. 2018); else
            the network is blind, and sigma is not looked at.

    Weights are initialised by the law "torch" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when a number is less than 1, or depth less than 2.
    """

    def __init__(self, in_channels: int = 1, depth: int = 17, width: int = 64, tell_sigma: bool = False) -> None:
        super().__init__()
        at_least_1(in_channels=in_channels, width=width)
        if depth < 2:
            raise ValueError(f"depth is {depth}, expected at least 2: the first and the last convolution")
        self.in_channels, self.tell_sigma = in_channels, tell_sigma
        layers = [undrawn(nn.Conv2d, in_channels + tell_sigma, width, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(depth - 2):
            convolution = undrawn(nn.Conv2d, width, width, 3, padding=1, bias=False)
            layers += [convolution, undrawn(nn.BatchNorm2d, width), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, undrawn(nn.Conv2d, width, in_channels, 3, padding=1, bias=False))
        initialize(self, "torch", generator(0))

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The estimate for noisy images x (B, C, H, W) of any size and noise levels sigma (B,), (B, C, H, W)."""
        residual: Tensor = self.layers(torch.cat([x, noise_map(x, sigma)], 1) if self.tell_sigma else x)
        return x - residual
