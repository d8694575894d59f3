"""The layer against torch's own upsampling and transposed convolution."""

import pytest
import torch
import torch.nn.functional as F

from lit_inverse.networks.upsampled_conv import UpsampledConvTranspose2d


@pytest.mark.parametrize("upsample", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kernel_size", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 5)])
def test_is_nearest_upsampling_then_transposed_convolution(
    upsample: int, padding: int, kernel_size: int, size: tuple[int, int]
) -> None:
    if min(size) * upsample + kernel_size - 1 - 2 * padding < 1:
        pytest.skip("no pixel is left")
    source = torch.Generator().manual_seed(0)
    layer = UpsampledConvTranspose2d(3, 5, kernel_size, padding, upsample).double()
    x = torch.randn(2, 3, *size, generator=source, dtype=torch.float64, requires_grad=True)
    layer.weight.data.copy_(torch.randn(layer.weight.shape, generator=source, dtype=torch.float64))
    kernel = layer.weight.permute(3, 0, 1, 2)
    expected = F.conv_transpose2d(F.interpolate(x, scale_factor=upsample), kernel, padding=padding)
    torch.testing.assert_close(layer(x), expected)
    weights = torch.randn(expected.shape, generator=source, dtype=torch.float64)
    ours = torch.autograd.grad((weights * layer(x)).sum(), [x, layer.weight])
    torch.testing.assert_close(ours, torch.autograd.grad((weights * expected).sum(), [x, layer.weight]))


def test_unsupported_geometry_is_refused() -> None:
    with pytest.raises(ValueError, match="upsample is 3"):
        UpsampledConvTranspose2d(3, 5, 3, upsample=3)
