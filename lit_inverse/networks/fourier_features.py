"""Images as functions of the coordinates, by random Fourier features."""

import math

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator, image_shape
from lit_inverse.networks.initialization import Law, draw_normal, draw_uniform, initialize
from lit_inverse.networks.undrawn import undrawn
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, positive


class FourierFeatures(ImageGenerator):
    """x(p) = MLP(cos(2 pi B p), sin(2 pi B p)), B = scale z, z ~ N(0, I) (Tancik et al. 2020, Sec. 6.1).

    p in [0, 1)^2 are the coordinates of a pixel, row first. The MLP has ReLU between its layers and a sigmoid at the
    end: x is in (0, 1). By default the authors' network for images: 256 frequencies, 3 hidden layers of 256, 263,169
    weights for a grey image of any size. They fit with Adam, lr 1e-3.

    Args:
        out_shape: (C, H, W) of the images.
        n_frequencies: number of rows of z, (n_frequencies, 2).
        scale: standard deviation of the frequencies, in periods per image; the larger, the finer the details that
            are fitted early.
        width: number of units in each hidden layer.
        depth: number of hidden layers.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others. That law is the
    default of the authors' library: weights of variance 2 / (n_in + n_out), biases N(0, 0.01^2).

    Raises:
        ValueError: when the shape is not (C, H, W), a size is not positive or the scale is not.
    """

    value_range = (0.0, 1.0)

    def __init__(
        self,
        out_shape: tuple[int, ...] = (1, 256, 256),
        n_frequencies: int = 256,
        scale: float = 10.0,
        width: int = 256,
        depth: int = 3,
    ) -> None:
        super().__init__()
        self.out_shape = image_shape(out_shape)
        at_least_1(n_frequencies=n_frequencies, width=width, depth=depth)
        positive(scale=scale)
        self.scale, self.latent_shape = scale, (n_frequencies, 2)
        layers: list[nn.Module] = []
        for i in range(depth):
            layers += [undrawn(GlorotLinear, width if i else 2 * n_frequencies, width), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, undrawn(GlorotLinear, width, self.out_shape[0]), nn.Sigmoid())
        initialize(self, "paper", generator(0))

    def forward(self, z: Tensor) -> Tensor:
        """Maps frequencies z (B, n_frequencies, 2) to images (B, C, H, W)."""
        height, width = self.out_shape[1:]
        rows = torch.arange(height, device=z.device, dtype=z.dtype)[:, None] / height
        columns = torch.arange(width, device=z.device, dtype=z.dtype)[:, None] / width
        b = 2 * math.pi * self.scale * z
        # B p is the sum of a row's and a column's part: H + W cosines instead of H W
        s, t = (b[:, None, :, 0] * rows)[:, :, None], (b[:, None, :, 1] * columns)[:, None]
        cos_s, sin_s, cos_t, sin_t = s.cos(), s.sin(), t.cos(), t.sin()
        features = torch.cat([cos_s * cos_t - sin_s * sin_t, sin_s * cos_t + cos_s * sin_t], -1)
        x: Tensor = self.layers(features).movedim(-1, 1)
        return x


class GlorotLinear(nn.Linear):
    """W h + b with the initial law of `FourierFeatures`."""

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """Glorot's normal law ("paper"), or that of any linear layer ("torch")."""
        if law == "paper":
            draw_normal(self.weight, math.sqrt(2 / (self.in_features + self.out_features)), source)
            draw_normal(self.bias, 0.01, source)
        else:
            for weights in (self.weight, self.bias):
                draw_uniform(weights, 1 / math.sqrt(self.in_features), source)
