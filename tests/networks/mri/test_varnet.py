from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lit_inverse.magnitudes import root_sum_of_squares
from lit_inverse.networks import VarNet
from lit_inverse.networks.mri.sensitivity import middle_columns
from lit_inverse.operators import CartesianFourier, Fourier
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")
SMALL: dict[str, Any] = {"n_cascades": 2, "width": 4, "depth": 2, "sensitivity_width": 3, "sensitivity_depth": 2}


def measured(coils: int = 3, height: int = 18, width: int = 24, **law: Any) -> tuple[Tensor, CartesianFourier]:
    """Of two items with a mask each."""
    x = torch.randn(2, coils, height, width, generator=generator(2), dtype=torch.complex128)
    law = {"acceleration": 3, "center_fraction": 0.2, "seed": [5, 6], **law}
    operator = CartesianFourier((coils, height, width), **law).double()
    return operator(x), operator


def test_published_network_has_30_million_weights() -> None:
    with torch.device("meta"):
        network = VarNet()

    def unet(width: int) -> int:
        widths = [width * 2**level for level in range(5)]
        down = sum(9 * (a * b + b * b) for a, b in zip([2, *widths], widths, strict=False))
        return down + sum(8 * c * c + 27 * c * c for c in widths[:-1]) + 2 * width + 2

    weights = 12 * (unet(18) + 1) + unet(8)
    assert sum(p.numel() for p in network.parameters()) == weights == 29_936_966


@pytest.mark.parametrize("norm", ["ortho", "backward"])
def test_cascades_are_those_of_the_paper_in_k_space(norm: Any) -> None:
    y, operator = measured(norm=norm)
    network = VarNet(**SMALL).double()
    network.eta.data = torch.tensor([0.7, 1.4], dtype=torch.float64)
    s = network.sensitivity(y, operator).detach().numpy()

    def f(images: Any) -> Any:
        return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(images, axes=(-2, -1)), norm=norm), axes=(-2, -1))

    def f_inverse(k: Any) -> Any:
        return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(k, axes=(-2, -1)), norm=norm), axes=(-2, -1))

    mask = operator.mask[:, None].expand(-1, 3, -1, -1).numpy()
    k_tilde = np.zeros(mask.shape, dtype=np.complex128)
    k_tilde[mask] = y.flatten().numpy()
    k = k_tilde
    for eta, regularizer in zip([0.7, 1.4], network.regularizers, strict=True):
        combined = torch.from_numpy((s.conj() * f_inverse(k)).sum(1, keepdims=True))
        k = k - eta * mask * (k - k_tilde) - f(s * regularizer(combined).detach().numpy())
    np.testing.assert_allclose(network(y, operator).detach().numpy(), f_inverse(k), rtol=1e-9, atol=1e-9)


def test_regularizers_see_each_part_with_mean_0_and_variance_1_and_give_its_scale_back() -> None:
    regularizer = VarNet(**SMALL).double().regularizers[0]
    x = torch.randn(2, 1, 11, 13, generator=generator(3), dtype=torch.complex128) * 1e-6 + (3e-6 - 5e-6j)
    seen: list[Tensor] = []
    regularizer.unet.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    out = regularizer(x)
    assert seen[0].shape == (2, 2, 12, 16)  # multiples of 4, with 0 and 1 rows, 1 and 2 columns of zeros
    inner = seen[0][:, :, 0:11, 1:14]
    assert not seen[0][:, :, 11:].any()
    torch.testing.assert_close(inner.mean((2, 3)), torch.zeros(2, 2, dtype=torch.float64))
    torch.testing.assert_close(inner.std((2, 3)), torch.ones(2, 2, dtype=torch.float64))
    torch.testing.assert_close(regularizer(1e3 * x), 1e3 * out)
    imaginary = (
        regularizer.unet(seen[0])[:, 1, 0:11, 1:14] * x.imag.std((2, 3))[:, :, None] + x.imag.mean((2, 3))[:, :, None]
    )
    torch.testing.assert_close(out.imag[:, 0], imaginary)


def test_sensitivities_come_from_the_middle_columns_alone_and_have_unit_squares() -> None:
    y, operator = measured(width=40)
    network = VarNet(**SMALL).double().sensitivity
    s = network(y, operator)
    torch.testing.assert_close(root_sum_of_squares(s), torch.ones(2, 1, 18, 40, dtype=torch.float64))
    columns = operator.mask.any(1)
    assert not torch.equal(columns[0], columns[1])
    outside = ~middle_columns(columns)[:, None].expand_as(operator.mask)[operator.mask].view(2, 1, -1)
    torch.testing.assert_close(
        network(y + outside * torch.randn(2, 3, y.shape[-1], generator=generator(1)), operator), s
    )


@pytest.mark.parametrize(
    ("measured_at", "width", "expected"),
    [
        ([4, 5, 6, 7], 12, [4, 5, 6, 7]),
        ([0, 3, 4, 5, 6, 7, 8, 11], 12, [3, 4, 5, 6, 7, 8]),  # the column drawn beside the block counts
        ([4, 5, 6, 7, 8], 12, [4, 5, 6, 7]),
        ([5, 6, 7, 8], 13, [5, 6]),  # one to the left, one from the middle on
        ([0, 6], 12, [6]),
        ([0, 1], 12, [6]),
        (list(range(12)), 12, list(range(12))),
    ],
)
def test_middle_columns_are_measured_on_both_sides(measured_at: list[int], width: int, expected: list[int]) -> None:
    columns = torch.zeros(2, width, dtype=torch.bool)
    columns[0, measured_at] = True
    assert middle_columns(columns)[0].nonzero().squeeze(1).tolist() == expected
    assert middle_columns(columns, 3)[1].nonzero().squeeze(1).tolist() == [width // 2 - 1, width // 2, width // 2 + 1]


def test_images_of_one_coil_need_no_sensitivities() -> None:
    y, operator = measured(1)
    network = VarNet(**SMALL).double()
    assert torch.equal(network.sensitivity(y, operator), torch.ones(1, 1, 18, 24, dtype=torch.complex128))
    assert network(y, operator).shape == (2, 1, 18, 24)


@pytest.mark.parametrize("seed", [5, [5, 6]], ids=["shared", "per_item"])
def test_an_item_alone_is_as_in_a_batch(seed: Any) -> None:
    y, operator = measured(seed=seed)
    network = VarNet(**SMALL).double()
    together = network(y, operator)
    for i in range(2):
        torch.testing.assert_close(network(y[i : i + 1], operator.take([i]))[0], together[i])


def test_a_gentle_start_is_near_the_zero_filled_image_with_the_ratio_of_low_frequencies() -> None:
    y, operator = measured()
    network = VarNet(**SMALL, gentle=True).double()
    s = network.sensitivity(y, operator)
    columns = middle_columns(operator.mask.any(1))[:, None, None]
    low = CartesianFourier((3, 18, 24), 1, 0).double()
    k = low(operator.adjoint(y)).view(2, 3, 18, 24) * columns
    images = low.adjoint(k.flatten(2))
    images = images + images.mean((2, 3), keepdim=True)  # the U-Net's, which begins as the mean
    torch.testing.assert_close(s, images / root_sum_of_squares(images))
    plain = VarNet(**{**SMALL, "n_cascades": 1}, gentle=True).double()
    mean = (s.conj() * operator.adjoint(y)).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    torch.testing.assert_close(plain(y, operator), operator.adjoint(y) - s * mean)


@pytest.mark.parametrize("black", [False, True])
def test_every_weight_has_a_finite_gradient(black: bool) -> None:
    y, operator = measured()
    network = VarNet(**SMALL).double()
    root_sum_of_squares(network(0 * y if black else y, operator)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert black or parameter.grad.any(), name


def test_points_instead_of_columns_are_possible() -> None:
    mask = torch.rand(18, 24, generator=generator(1)) < 0.4
    operator = Fourier((2, 18, 24), mask).double()
    y = operator(torch.randn(1, 2, 18, 24, generator=generator(2), dtype=torch.complex128))
    assert torch.isfinite(torch.view_as_real(VarNet(**SMALL).double()(y, operator))).all()


def test_cascades_begin_with_weights_of_their_own_and_eta_1() -> None:
    network = VarNet(**SMALL)
    first, second = (regularizer.unet.last.weight for regularizer in network.regularizers)
    assert not torch.equal(first, second)
    assert network.eta.tolist() == [1.0, 1.0]


def test_impossible_settings_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="n_cascades is 0, expected at least 1"):
        VarNet(n_cascades=0)
    with pytest.raises(ValueError, match="n_center is 0, expected at least 1"):
        VarNet(**SMALL, n_center=0)
    VarNet(**SMALL).check(5, 3)  # continued to 8 x 4
    with pytest.raises(ValueError, match="images are 4 x 4, expected at least 4 x 8 for depth 2"):
        VarNet(**SMALL).check(4, 3)
