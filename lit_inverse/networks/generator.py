"""What all networks that generate images have in common."""

from torch import nn


class ImageGenerator(nn.Module):
    """G: z (B, *latent_shape) -> x (B, *out_shape).

    Attributes:
        latent_shape: shape of z without the batch.
        out_shape: (C, H, W) of x.
    """

    latent_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
