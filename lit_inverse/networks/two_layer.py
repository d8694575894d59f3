"""The two-layer convolutional generator of the theory of untrained networks."""

import math

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import Law, draw_normal, initialize
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class TwoLayerGenerator(ImageGenerator):
    """G(C) = ReLU(U C) v, on which gradient descent finds smooth images (Heckel & Soltanolkotabi 2020, Eq. 3).

    U is the circular convolution with the kernel u, C (n, k) the weights and v = (1, ..., 1, -1, ..., -1) / sqrt(k)
    fixed. u is the triangle max(0, 1 - |j| / w) of unit Euclidean norm; w = 2 is the kernel of the deep decoder's
    bilinear upsampling, and the wider, the smoother. For images, n is the set of pixels and u the product of a
    vertical and a horizontal triangle; each colour has weights of its own.

    It has no input: latent_shape is (0,). x is unbounded.

    Args:
        out_shape: (C, H, W) of images or (n,) of signals.
        width: k, the number of channels, even.
        half_width: w, in pixels.
        omega: standard deviation of the initial weights under either law of `initialize`. The theorem wants it
            proportional to ||y|| / sqrt(n); entries of G are then about N(0, (0.58 omega)^2).

    Raises:
        ValueError: when the shape is of another length, a size is not positive, width odd or omega not positive.
    """

    value_range = None

    def __init__(
        self, out_shape: tuple[int, ...] = (1, 256, 256), width: int = 64, half_width: int = 8, omega: float = 0.1
    ) -> None:
        super().__init__()
        self.out_shape, self.latent_shape = tuple(out_shape), (0,)
        if len(out_shape) not in (1, 3):
            raise ValueError(f"out_shape is {self.out_shape}, expected (channels, height, width) or (n,)")
        at_least_1(out_shape=self.out_shape, width=width, half_width=half_width)
        if width % 2 or not omega > 0:
            raise ValueError(f"width is {width} and omega {omega}, expected an even and a positive number")
        self.half_width, self.omega = half_width, omega
        self.size = self.out_shape[-2:] if len(out_shape) == 3 else self.out_shape
        colours = self.out_shape[0] if len(out_shape) == 3 else 1
        self.weight = nn.Parameter(torch.empty(colours, width, *self.size))
        initialize(self, "paper", generator(0))

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """C ~ N(0, omega^2)."""
        draw_normal(self.weight, self.omega, source)

    def forward(self, z: Tensor) -> Tensor:
        """The image (or signal) as often as z (B, 0) has rows, (B, *out_shape)."""
        axes = list(range(-len(self.size), 0))
        smooth = torch.fft.irfftn(torch.fft.rfftn(self.weight, dim=axes) * self._spectrum(), self.size, axes)
        plus, minus = smooth.relu().chunk(2, dim=1)
        x: Tensor = (plus - minus).sum(1) / math.sqrt(self.weight.shape[1])
        return x.view(1, *self.out_shape).expand(len(z), *self.out_shape)

    def _spectrum(self) -> Tensor:
        """Fourier transform of u."""
        u = torch.ones((), device=self.weight.device, dtype=self.weight.dtype)
        for length in self.size:
            # made of numbers of the device, without a copy from the host
            j = torch.arange(length, device=u.device, dtype=u.dtype)
            triangle = (1 - torch.minimum(j, length - j) / self.half_width).relu()
            u = u[..., None] * (triangle / triangle.norm())
        spectrum: Tensor = torch.fft.rfftn(u)
        return spectrum
