"""A network for the sensitivities of the coils."""

import torch
from torch import Tensor, nn

from lit_inverse.magnitudes import root_sum_of_squares
from lit_inverse.networks.mri.complex_unet import ComplexUNet
from lit_inverse.operators.fourier import Fourier


class SensitivityNetwork(nn.Module):
    """S_c = I_c / sqrt(sum_d |I_d|^2), I_c = U(image of coil c from the middle columns) (Sriram et al. 2020, Sec. 3.1).

    One U-Net is applied to each coil alone. Of a single coil S = 1.

    Args:
        width: channels of the finest level of the U-Net.
        depth: number of times images are halved.
        n_center: middle columns to take; None for those that are measured without a gap, see `middle_columns`.
        residual: adds the images to what the U-Net makes of them.
    """

    def __init__(self, width: int, depth: int, n_center: int | None, residual: bool) -> None:
        super().__init__()
        self.unet, self.n_center, self.residual = ComplexUNet(width, depth), n_center, residual

    def forward(self, y: Tensor, operator: Fourier) -> Tensor:
        """Sensitivities (B, coils, H, W) from y (B, coils, kept)."""
        coils, height, width = operator.in_shape
        if coils == 1:
            return y.new_ones(1, 1, height, width)
        mask = operator.mask if operator.n_items else operator.mask[None]
        middle = middle_columns(mask.any(1), self.n_center)
        kept = middle[:, None].expand_as(mask)[mask].view(len(mask), 1, -1)  # in the order of y
        low = operator.pinv(y * kept)
        images: Tensor = self.unet(low.view(-1, 1, height, width)).view_as(low)
        if self.residual:
            images = images + low
        return images / root_sum_of_squares(images).clamp_min(torch.finfo(images.real.dtype).tiny)


def middle_columns(measured: Tensor, n_center: int | None = None) -> Tensor:
    """Which columns of k-space are low frequencies: as many on either side of the middle as are measured on both.

    At least the column in the middle. A column next to a fully sampled block counts too if it was drawn by chance, as
    in the authors' code; of points instead of columns one of them makes a column measured.

    Args:
        measured: bool (B, W), columns of which anything is measured.
        n_center: how many instead, from W // 2 - n_center // 2.

    Returns:
        bool (B, W).
    """
    middle = measured.shape[1] // 2
    left, right = (side.int().cumprod(1).sum(1) for side in (measured[:, :middle].flip(1), measured[:, middle:]))
    n = (2 * torch.minimum(left, right)).clamp_min(1) if n_center is None else torch.full_like(left, n_center)
    place = torch.arange(measured.shape[1], device=measured.device) - middle + n[:, None] // 2
    return (place >= 0) & (place < n[:, None])
