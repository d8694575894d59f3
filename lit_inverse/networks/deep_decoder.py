"""The deep decoder."""

import torch
from torch import Tensor

from lit_inverse.networks.decoder_layers import decoder_layers, decoder_sizes
from lit_inverse.networks.generator import ImageGenerator, image_shape, small_uniform
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class DeepDecoder(ImageGenerator):
    """B_{l+1} = cn(ReLU(U_l B_l C_l)), x = sigmoid(B_d C_d): a small network that only mixes and upsamples channels.

    C_l mixes channels (1 x 1 convolutions without bias), U_l is bilinear upsampling, and cn normalises each channel
    (Heckel & Hand 2019, Eq. 1; in the form of the code of Heckel & Soltanolkotabi 2020, whose layers grow by any
    factor). d layers of k channels have d k^2 + 2 d k + k C weights, whatever the size of the image:

    - 330,496 by default, for grey images (2020, Fig. 1); 21,184 with width 64;
    - 100,224 for colour images with width 128 and `last_noup` (2019), 25,536 with width 64;
    - for MRI (2020, Fig. 5): width 384, depth 10, in_size (16, 16), `last_noup`, no sigmoid.

    Made for the input B_0 ~ U(0, 0.1).

    Args:
        out_shape: (C, H, W) of the images.
        width: k, the number of channels.
        depth: number of upsampling layers.
        in_size: (h, w) of B_0; None for a 16th of the image, rounded up, at least 2: the published 16 x 16
            of 256 x 256.
        last_noup: whether one more layer without upsampling follows.
        sigmoid: whether a sigmoid confines x to (0, 1); x is unbounded otherwise.

    Weights are initialised by the law "paper" of `initialize` with seed 0; call it to draw others.

    Raises:
        ValueError: when the shape is not (C, H, W), or a size is not positive.
    """

    def __init__(
        self,
        out_shape: tuple[int, ...] = (1, 256, 256),
        width: int = 256,
        depth: int = 5,
        in_size: tuple[int, int] | None = None,
        last_noup: bool = False,
        sigmoid: bool = True,
    ) -> None:
        super().__init__()
        self.out_shape = channels, height, breadth = image_shape(out_shape)
        in_size = (max(2, -(-height // 16)), max(2, -(-breadth // 16))) if in_size is None else (in_size[0], in_size[1])
        at_least_1(width=width, depth=depth, in_size=in_size)
        self.latent_shape = (width, *in_size)
        self.value_range = (0.0, 1.0) if sigmoid else None
        sizes = [*decoder_sizes(in_size, (height, breadth), depth), *[None] * last_noup]
        self.layers = decoder_layers(width, channels, sizes, 1, "bilinear", sigmoid)
        initialize(self, "paper", generator(0))

    def draw_latent(self, source: torch.Generator) -> Tensor:
        """B_0 ~ U(0, 0.1), (k, h, w) in float32."""
        return small_uniform(self.latent_shape, source)

    def forward(self, z: Tensor) -> Tensor:
        """Maps B_0 (B, k, h, w) to images (B, C, H, W)."""
        images: Tensor = self.layers(z)
        return images
