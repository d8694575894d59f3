import pytest
import torch
from torch import Tensor

from lit_inverse.magnitudes import center_crop, root_sum_of_squares
from lit_inverse.networks import UNet, UNetReconstruction
from lit_inverse.operators import CartesianFourier
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


def measured(coils: int = 3, height: int = 20, width: int = 24) -> tuple[Tensor, CartesianFourier]:
    """Of two items with a mask each."""
    x = torch.randn(2, coils, height, width, generator=generator(2), dtype=torch.complex128)
    operator = CartesianFourier((coils, height, width), 3, 0.2, seed=[5, 6]).double()
    return operator(1e-5 * x), operator


def test_magnitude_is_that_of_the_u_net_and_phases_are_zero_filled() -> None:
    y, operator = measured()
    network = UNetReconstruction(width=4, depth=2).double()
    x_hat, zero_filled = network(y, operator), operator.adjoint(y)
    m_0 = root_sum_of_squares(zero_filled)
    for i in range(2):
        mean, std = m_0[i].mean(), m_0[i].std()
        m = std * network.unet(((m_0[i : i + 1] - mean) / std).clamp(-6, 6)) + mean
        torch.testing.assert_close(root_sum_of_squares(x_hat[i : i + 1]), m.abs())
    torch.testing.assert_close(x_hat * m_0, zero_filled * root_sum_of_squares(x_hat))


def test_only_the_middle_is_changed() -> None:
    y, operator = measured()
    cropped = UNetReconstruction(width=4, depth=2, crop=(13, 99)).double()
    changed = (cropped(y, operator) - operator.adjoint(y)).abs().sum((0, 1, 3)) > 1e-9
    assert changed.nonzero().squeeze(1).tolist() == list(range(3, 16))
    m_0 = center_crop(root_sum_of_squares(operator.adjoint(y)), (13, 24))
    mean, std = m_0.mean((1, 2, 3), keepdim=True), m_0.std((1, 2, 3), keepdim=True)
    m = std * cropped.unet(((m_0 - mean) / std).clamp(-6, 6)) + mean
    torch.testing.assert_close(center_crop(root_sum_of_squares(cropped(y, operator)), (13, 24)), m.abs())
    cropped.check(13, 24)


def test_black_images_stay_black_with_finite_gradients() -> None:
    y, operator = measured(1)
    network = UNetReconstruction(width=2, depth=2).double()
    x_hat = network(0 * y, operator)
    x_hat.abs().sum().backward()
    assert not x_hat.any()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_black_pixels_of_a_bright_image_stay_black() -> None:
    operator = CartesianFourier((1, 20, 24), 1, 0).double()
    kspace = torch.zeros(1, 1, 20, 24, dtype=torch.complex128)
    kspace[..., 10, 12] = kspace[..., 10, 0] = 1e6  # 1 + (-1)^j
    x_hat = UNetReconstruction(width=2, depth=2).double()(operator.sample(kspace), operator)
    assert torch.isfinite(torch.view_as_real(x_hat)).all()
    assert not x_hat[..., 1::2].any()
    assert x_hat[..., ::2].abs().min() > 0


def test_defaults_are_the_network_of_the_paper() -> None:
    with torch.device("meta"):
        network = UNetReconstruction()
    assert sum(p.numel() for p in network.parameters()) == 7_756_097
    assert isinstance(network.unet, UNet)


def test_a_crop_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"crop is \(0, 4\), expected at least 1"):
        UNetReconstruction(crop=(0, 4))
