"""Each metric against an independent library."""

import numpy as np
import pytest
import torch
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity

from lit_inverse import metrics

X = torch.rand(3, 1, 32, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
X_HAT = X + 0.1 * torch.randn(X.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def each(function: object) -> np.ndarray:
    return np.array([function(x.numpy(), x_hat.numpy()) for x, x_hat in zip(X[:, 0], X_HAT[:, 0], strict=True)])


def test_mse_is_the_mean_over_the_pixels_of_each_image() -> None:
    np.testing.assert_allclose(metrics.mse(X_HAT, X), ((X_HAT - X) ** 2).mean((1, 2, 3)))


def test_nmse_is_scikit_images_squared() -> None:
    np.testing.assert_allclose(metrics.nmse(X_HAT, X), each(normalized_root_mse) ** 2)


@pytest.mark.parametrize("data_range", [1.0, 2.0])
def test_psnr_is_scikit_images(data_range: float) -> None:
    expected = each(lambda x, x_hat: peak_signal_noise_ratio(x, x_hat, data_range=data_range))
    np.testing.assert_allclose(metrics.psnr(X_HAT, X, data_range), expected)


@pytest.mark.parametrize("data_range", [1.0, 2.0])
def test_ssim_is_scikit_images(data_range: float) -> None:
    def windowed(x: np.ndarray, x_hat: np.ndarray) -> float:
        settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        return float(structural_similarity(x, x_hat, data_range=data_range, **settings))

    np.testing.assert_allclose(metrics.ssim(X_HAT, X, data_range), each(windowed))


def test_values_do_not_depend_on_the_batch() -> None:
    for metric in (metrics.mse, metrics.nmse):
        assert torch.equal(metric(X_HAT, X)[1:2], metric(X_HAT[1:2], X[1:2]))
    torch.testing.assert_close(metrics.ssim(X_HAT, X, 1.0)[1:2], metrics.ssim(X_HAT[1:2], X[1:2], 1.0))


def test_complex_images_are_compared_by_magnitude() -> None:
    phase = torch.exp(1j * torch.linspace(0, 6, 24, dtype=torch.float64))
    torch.testing.assert_close(metrics.mse(X_HAT.abs() * phase, X.abs() * phase.conj()), metrics.mse(X_HAT.abs(), X))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected that of x"):
        metrics.mse(X_HAT[:2], X)
    with pytest.raises(ValueError, match="H, W >= 11"):
        metrics.ssim(X_HAT[..., :8], X[..., :8], 1.0)


def test_all_metrics_are_there_and_those_that_mean_nothing_are_not_numbers() -> None:
    found = metrics.errors(X_HAT, X, (0.0, 1.0))
    assert torch.equal(found["ssim"], metrics.ssim(X_HAT, X, 1.0))
    small = metrics.errors(X_HAT[..., :8], X[..., :8], (0.0, 1.0))
    vectors = metrics.errors(X_HAT.flatten(1), X.flatten(1), None)
    assert list(found) == list(small) == list(vectors) == ["mse", "nmse", "psnr", "ssim"]
    assert [name for name, of_items in small.items() if of_items.isnan().any()] == ["ssim"]
    assert [name for name, of_items in vectors.items() if of_items.isnan().all()] == ["psnr", "ssim"]


def test_the_residual_is_relative_to_the_measurements() -> None:
    y = 3 * X
    expected = np.linalg.norm((2 * X_HAT - y).flatten(1), axis=1) / np.linalg.norm(y.flatten(1), axis=1)
    np.testing.assert_allclose(metrics.residual(lambda x: 2 * x, X_HAT, y), expected)
    assert float(metrics.residual(lambda x: x, 0 * X, 0 * X).max()) == 0
