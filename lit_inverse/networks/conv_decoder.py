"""ConvDecoder."""

import torch
from torch import Tensor

from lit_inverse.networks.decoder_layers import decoder_layers, decoder_sizes
from lit_inverse.networks.generator import ImageGenerator, image_shape, small_uniform
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class ConvDecoder(ImageGenerator):
    """Layers of nearest upsampling, 3 x 3 convolution, ReLU and batch norm, then one without upsampling, then 1 x 1.

    The network of Darestani & Heckel 2021 with the settings of their code for knees: 7 upsampling layers
    of 256 channels, from 8 x 4 to 640 x 368, no biases, no sigmoid. d such layers of k channels and the one after
    them have (d + 1) (9 k^2 + 2 k) weights, the last k C.

    Made for the input z ~ U(0, 0.1).

    Args:
        out_shape: (C, H, W) of the images; for MRI, C is twice the number of coils.
        width: k, the number of channels.
        depth: d, the number of upsampling layers.
        in_size: (h, w) of z; None for an 80th of the image, rounded down, at least 2: 8 x 4 of 640 x 368.
        kernel_size: of the convolutions, odd.
        sigmoid: whether a sigmoid confines x to (0, 1); x is unbounded otherwise.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others. The authors' code
    has the defaults of torch after 1.2: "paper" and "torch" are the same here.

    Raises:
        ValueError: when the shape is not (C, H, W), a size is not positive or the kernel even.
    """

    paper_law: Law = "torch"

    def __init__(
        self,
        out_shape: tuple[int, ...] = (1, 256, 256),
        width: int = 256,
        depth: int = 7,
        in_size: tuple[int, int] | None = None,
        kernel_size: int = 3,
        sigmoid: bool = False,
    ) -> None:
        super().__init__()
        self.out_shape = channels, height, breadth = image_shape(out_shape)
        in_size = (max(2, height // 80), max(2, breadth // 80)) if in_size is None else (in_size[0], in_size[1])
        at_least_1(width=width, depth=depth, in_size=in_size)
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size}, expected an odd number")
        self.latent_shape = (width, *in_size)
        self.value_range = (0.0, 1.0) if sigmoid else None
        sizes = [*decoder_sizes(in_size, (height, breadth), depth), None]
        self.layers = decoder_layers(width, channels, sizes, kernel_size, "nearest", sigmoid)
        initialize(self, "paper", generator(0))

    def draw_latent(self, source: torch.Generator) -> Tensor:
        """z ~ U(0, 0.1), (k, h, w) in float32."""
        return small_uniform(self.latent_shape, source)

    def forward(self, z: Tensor) -> Tensor:
        """Maps z (B, k, h, w) to images (B, C, H, W)."""
        images: Tensor = self.layers(z)
        return images
