"""SIREN: images as functions of the coordinates, by networks of sines."""

import math

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, image_shape
from lit_inverse.networks.initialization import Law, draw_uniform, initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, positive


class SIREN(ImageGenerator):
    """x(p) = W_d h_{d-1} + b_d, h_l = sin(omega_0 (W_l h_{l-1} + b_l)), h_0 = p (Sitzmann et al. 2020, Eq. 5).

    p in [-1, 1]^2 are the coordinates of a pixel, row first, with the corners of the image at the ends. By default
    the authors' network for images in [-1, 1]: 198,401 weights for a grey image of any size. They fit with Adam, lr
    1e-4.

    It has no input: latent_shape is (0,). x is not confined to (-1, 1).

    Args:
        out_shape: (C, H, W) of the images.
        width: number of sines in each hidden layer.
        depth: number of hidden layers.
        omega_0: frequency of the sines; the frequencies of an initial image are proportional to it.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others. That law is the
    network's own (Sec. 3.2): U(-1/n, 1/n) for the first layer of n = 2 inputs, U(-sqrt(6/n)/omega_0,
    sqrt(6/n)/omega_0) for the others, and biases, of which the paper is silent, U(-1/sqrt(n), 1/sqrt(n)) as in its
    code. It keeps the distribution of the h_l the same in all layers; "torch" does not.

    Raises:
        ValueError: when the shape is not (C, H, W), a size is not positive or omega_0 is not.
    """

    def __init__(
        self, out_shape: tuple[int, ...] = (1, 256, 256), width: int = 256, depth: int = 4, omega_0: float = 30.0
    ) -> None:
        super().__init__()
        self.out_shape, self.latent_shape = image_shape(out_shape), (0,)
        at_least_1(width=width, depth=depth)
        positive(omega_0=omega_0)
        layers: list[nn.Module] = []
        for i in range(depth):
            layers += [undrawn(SineLinear, width if i else 2, width, omega_0, first=i == 0), _Sine(omega_0)]
        self.layers = nn.Sequential(*layers, undrawn(SineLinear, width, self.out_shape[0], omega_0))
        initialize(self, "paper", generator(0))

    def forward(self, z: Tensor) -> Tensor:
        """The image as often as z (B, 0) has rows, (B, C, H, W)."""
        axes = (torch.linspace(-1, 1, length, device=z.device, dtype=z.dtype) for length in self.out_shape[1:])
        pixels = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
        x: Tensor = self.layers(pixels).movedim(-1, 0)
        return x.expand(len(z), *self.out_shape)


class SineLinear(nn.Linear):
    """W h + b before or after a sine, with the initial law of SIREN.

    Args:
        in_features: n.
        out_features: length of the result.
        omega_0: frequency of the sines.
        first: whether h are the coordinates.
    """

    def __init__(self, in_features: int, out_features: int, omega_0: float, first: bool = False) -> None:
        super().__init__(in_features, out_features)
        self.bound = 1 / in_features if first else math.sqrt(6 / in_features) / omega_0

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """The law of `SIREN` ("paper"), or that of any linear layer ("torch")."""
        default = 1 / math.sqrt(self.in_features)
        draw_uniform(self.weight, self.bound if law == "paper" else default, source)
        draw_uniform(self.bias, default, source)


class _Sine(nn.Module):
    def __init__(self, omega_0: float) -> None:
        super().__init__()
        self.omega_0 = omega_0

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega_0 * x)
