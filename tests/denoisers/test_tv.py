import pytest
import torch
from torch import Tensor

from lit_inverse.denoisers import TV
from lit_inverse.solvers.fitting.total_variation import isotropic_tv


def step_image() -> Tensor:
    x = torch.zeros(1, 1, 24, 24, dtype=torch.float64)
    x[..., 6:18, 6:18] = 1
    return x + 0.1 * torch.randn(1, 1, 24, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float32)


def objective(u: Tensor, x: Tensor, lam: float) -> float:
    return float((u - x).square().sum() / 2 + lam * isotropic_tv(u).sum())


def test_reaches_the_least_objective() -> None:
    y = step_image()
    u = TV(strength=1.0, max_iter=1000)(y, 0.1)
    least = objective(u, y, 0.1)
    for seed in range(5):
        direction = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32).double()
        assert objective(u + 1e-4 * direction, y, 0.1) > least
    assert abs(objective(TV(strength=1.0, max_iter=200)(y, 0.1), y, 0.1) / least - 1) < 1e-3


def test_agrees_with_scikit_image() -> None:
    restoration = pytest.importorskip("skimage.restoration")
    y = step_image()
    reference = torch.from_numpy(restoration.denoise_tv_chambolle(y[0, 0].numpy(), 0.1, eps=1e-12, max_num_iter=1500))
    # scikit-image weighs the data by 1/2 too: the same lam
    u = TV(strength=1.0, max_iter=500)(y, 0.1)[0, 0]
    assert objective(u[None, None], y, 0.1) <= objective(reference[None, None], y, 0.1) * (1 + 1e-6)
    torch.testing.assert_close(u, reference, rtol=0, atol=1e-2)


def test_strong_smoothing_leaves_the_mean() -> None:
    y = step_image()
    torch.testing.assert_close(TV(max_iter=500)(y, 30.0), y.mean().expand_as(y), rtol=0, atol=1e-2)


@pytest.mark.parametrize("settings", [{"strength": -1.0}, {"strength": float("inf")}, {"max_iter": 0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        TV(**settings)  # type: ignore[arg-type]
