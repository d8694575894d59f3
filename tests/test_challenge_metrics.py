import math

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor

from lit_inverse.challenge_metrics import from_sums, slice_sums, ssim, volume_errors
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


def volume(slices: int = 3, height: int = 20, width: int = 17, unit: float = 1.0) -> tuple[Tensor, Tensor]:
    """Smooth images that differ in brightness, and a noisy version."""
    source = generator(4)
    x = torch.rand(slices, height, width, generator=source, dtype=torch.float64).cumsum(1).cumsum(2)
    x = x * torch.arange(1, slices + 1).view(-1, 1, 1)
    noise = torch.randn(x.shape, generator=source, dtype=torch.float64)
    return unit * (x + 0.02 * x.max() * noise), unit * x


def ssim_written_out(a: NDArray[np.float64], b: NDArray[np.float64], data_range: float) -> float:
    """Wang et al. 2004, Eq. 13, window by window."""
    first, second = (sliding_window_view(image, (7, 7)).reshape(-1, 49) for image in (a, b))
    values = []
    for u, v in zip(first, second, strict=True):
        covariance = np.cov(u, v)
        c_1, c_2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
        luminance = (2 * u.mean() * v.mean() + c_1) / (u.mean() ** 2 + v.mean() ** 2 + c_1)
        values.append(luminance * (2 * covariance[0, 1] + c_2) / (covariance[0, 0] + covariance[1, 1] + c_2))
    return float(np.mean(values))


@pytest.mark.parametrize("unit", [1.0, 1e-5, 3e4])
def test_errors_of_a_volume_are_those_of_scikit_image(unit: float) -> None:
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    x_hat, x = volume(unit=unit)
    peak = float(x.max())
    found = volume_errors(x_hat, x)
    a, b = x.numpy(), x_hat.numpy()
    similarity = np.mean(
        [metrics.structural_similarity(one, other, data_range=peak) for one, other in zip(a, b, strict=True)]
    )
    assert float(found["ssim"]) == pytest.approx(similarity, abs=1e-6)
    assert float(found["psnr"]) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=peak), abs=1e-6)
    expected = metrics.normalized_root_mse(a, b, normalization="euclidean") ** 2
    assert float(found["nmse"]) == pytest.approx(expected, rel=1e-6)


def test_errors_of_a_volume_are_their_definitions_written_out() -> None:
    x_hat, x = volume(2, 9, 12)
    a, b, peak = x_hat.numpy(), x.numpy(), 1.3 * float(x.max())
    found = volume_errors(x_hat, x, maximum=peak)
    assert float(found["nmse"]) == pytest.approx(np.linalg.norm(a - b) ** 2 / np.linalg.norm(b) ** 2)
    assert float(found["psnr"]) == pytest.approx(20 * math.log10(peak) - 10 * math.log10(np.mean((a - b) ** 2)))
    similarity = np.mean([ssim_written_out(one, other, peak) for one, other in zip(a, b, strict=True)])
    assert float(found["ssim"]) == pytest.approx(similarity, abs=1e-9)


def test_slices_in_any_order_and_in_parts_make_the_same_volume() -> None:
    x_hat, x = (part[:, None] for part in volume(4))
    peak = x.max().expand(4)
    whole = slice_sums(x_hat, x, peak)
    parts = torch.cat([slice_sums(x_hat[i], x[i], peak[: len(i)]) for i in ([3, 0], [2], [1])])
    for name, value in from_sums(whole).items():
        torch.testing.assert_close(from_sums(parts)[name], value)


def test_ssim_has_one_value_per_slice_of_its_own_range_and_a_gradient() -> None:
    x_hat, x = (part[:2, None] for part in volume())
    ranges = torch.tensor([2.0, 700.0], dtype=torch.float64)
    both = ssim(x_hat, x, ranges)
    for i in range(2):
        torch.testing.assert_close(ssim(x_hat[i : i + 1], x[i : i + 1], ranges[i : i + 1]), both[i : i + 1])
    torch.testing.assert_close(ssim(x, x, ranges), torch.ones(2, dtype=torch.float64))
    small = (x_hat[:1, :, :8, :8] / 100).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: ssim(image, x[:1, :, :8, :8] / 100, ranges[:1]), small)


def test_float32_in_the_units_of_fastmri_is_precise_enough_to_train_on() -> None:
    x_hat, x = (part[:, None] for part in volume(unit=1e-7))
    exact = ssim(x_hat, x, x.max().expand(3))
    torch.testing.assert_close(ssim(x_hat.float(), x.float(), x.max().expand(3)).double(), exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize("which", [0, 1])
def test_complex_images_are_refused(which: int) -> None:
    """Their real parts would have quite another error."""
    images = list(volume())
    images[which] = images[which] * 1j
    with pytest.raises(ValueError, match=r"expected real magnitudes: take abs\(\)"):
        volume_errors(*images, maximum=1.0)
    with pytest.raises(ValueError, match=r"expected real magnitudes: take abs\(\)"):
        ssim(*(one[:, None] for one in images), torch.ones(len(images[0])))


@pytest.mark.parametrize(
    ("shape", "ranges"), [((2, 1, 6, 9), (2,)), ((2, 9, 9), (2,)), ((2, 1, 9, 9), (3,)), ((2, 1, 9, 9), ())]
)
def test_other_shapes_are_refused(shape: tuple[int, ...], ranges: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x_hat, x, data_range have shapes .*, expected twice \(B, 1, h, w\)"):
        ssim(torch.ones(shape), torch.ones(shape), torch.ones(ranges))
