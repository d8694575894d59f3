"""The Radon transform against scikit-image, and against known integrals."""

import math

import numpy as np
import pytest
import torch
from operator_examples import normal
from torch import Tensor

from lit_inverse.operators import Radon

DOUBLE = torch.float64


def shepp_logan(size: int) -> Tensor:
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    transform = pytest.importorskip("skimage.transform")
    return torch.from_numpy(transform.resize(data.shepp_logan_phantom(), (size, size), anti_aliasing=True))


@pytest.mark.parametrize("size", [129, 256])
@pytest.mark.parametrize("circle", [True, False])
def test_sinogram_equals_that_of_scikit_image(size: int, circle: bool) -> None:
    image = shepp_logan(size)
    from skimage.transform import radon

    angles = np.arange(30) * 6.0
    expected = torch.from_numpy(radon(image.numpy(), angles, circle=circle).T)
    y = Radon((1, size, size), 30, circle).double()(image[None, None])[0, 0]
    assert y.shape == expected.shape
    assert float((y - expected).norm() / expected.norm()) < 0.005


def test_filtered_backprojection_is_as_near_as_that_of_scikit_image() -> None:
    image = shepp_logan(128)
    from skimage.transform import iradon, radon

    angles = np.arange(180.0)
    other = torch.from_numpy(iradon(radon(image.numpy(), angles), angles))
    operator = Radon((1, 128, 128), circle=True).double()
    x_hat = operator.filtered_backprojection(operator(image[None, None]))[0, 0]
    inside = other != 0  # theirs is cut to the disc
    errors = [float((one - image)[inside].norm() / image.norm()) for one in (x_hat, other)]
    assert errors[0] < 1.1 * errors[1] < 0.3


def test_rays_along_the_axes_sum_pixels() -> None:
    x = normal(2, 3, 7, 5, dtype=DOUBLE)
    y = Radon((3, 7, 5), [0.0, 90.0], n_detectors=9).double()(x)
    torch.testing.assert_close(y[:, :, 0, 2:7], x.sum(2), rtol=0, atol=1e-6)
    torch.testing.assert_close(y[:, :, 1, 1:8].flip(-1), x.sum(3), rtol=0, atol=1e-6)  # Y points up
    assert float(y[:, :, 0, [0, 1, 7, 8]].abs().max()) == 0


def test_a_disc_has_chords_as_projections() -> None:
    size, radius = 201, 70.0
    grid = torch.arange(size, dtype=DOUBLE) - size // 2
    across, down = 11.0, -6.0  # centre of the disc, X to the right and Y up
    distance = ((grid[None] - across) ** 2 + (-grid[:, None] - down) ** 2).sqrt()
    disc = (radius + 0.5 - distance).clamp(0, 1)
    operator = Radon((1, size, size), angles=[0.0, 20.0, 45.0, 77.0, 90.0, 130.0]).double()
    degrees = torch.tensor([0.0, 20.0, 45.0, 77.0, 90.0, 130.0], dtype=DOUBLE)[:, None]
    s = torch.arange(operator.out_shape[2], dtype=DOUBLE) - operator.out_shape[2] // 2
    offset = s - across * degrees.deg2rad().cos() - down * degrees.deg2rad().sin()
    chords = 2 * (radius**2 - offset**2).clamp_min(0).sqrt()
    y = operator(disc[None, None])[0, 0]
    assert float((y - chords).norm() / chords.norm()) < 0.01


def test_angles_are_spread_over_half_a_turn() -> None:
    x = normal(1, 1, 6, 6)
    torch.testing.assert_close(Radon((1, 6, 6), 4)(x), Radon((1, 6, 6), [0.0, 45.0, 90.0, 135.0])(x))
    assert Radon((1, 6, 6), 4).out_shape == (1, 4, math.ceil(6 * math.sqrt(2)))


def test_every_angle_measures_the_whole_image() -> None:
    x = torch.zeros(1, 1, 40, 40)
    x[:, :, 8:32, 8:32] = torch.nn.functional.avg_pool2d(normal(1, 1, 26, 26).abs(), 3, 1)
    mass = Radon((1, 40, 40), 12)(x).sum(-1)
    torch.testing.assert_close(mass, x.sum().expand(1, 1, 12), rtol=0.02, atol=0)


def test_impossible_geometries_are_refused() -> None:
    with pytest.raises(ValueError, match="got 0 angles and 6 detectors"):
        Radon((1, 6, 6), 0, circle=True)
    with pytest.raises(ValueError, match="0 detectors"):
        Radon((1, 6, 6), 3, n_detectors=0)
    with pytest.raises(ValueError, match=r"in_shape is \(36,\)"):
        Radon((36,))
