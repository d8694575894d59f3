"""What every denoiser must fulfil."""

import inspect
import math

import pytest
import torch
from torch import Tensor

from lit_inverse import denoisers
from lit_inverse.denoisers import Denoiser

# the cheapest settings of those whose defaults take long on small images
SETTINGS = {"BM3D": {"profile": "lc"}}
NAMES = sorted(name for name, kind in vars(denoisers).items() if inspect.isclass(kind) and not inspect.isabstract(kind))
every = pytest.mark.parametrize("name", NAMES)


def make(name: str, value_range: tuple[float, float] = (0.0, 1.0)) -> Denoiser:
    denoiser = getattr(denoisers, name)(value_range=value_range, **SETTINGS.get(name, {}))
    assert isinstance(denoiser, Denoiser)
    return denoiser


def channels(name: str) -> tuple[int, ...]:
    return make(name).channels or (1, 2, 3)


def noisy(*shape: int, sigma: float = 0.1, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """A disc on a slope, and noise on it."""
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, side) for side in shape[2:]), indexing="ij")
    x = (0.3 + 0.2 * rows + 0.4 * (rows.square() + columns.square() < 0.5)).to(dtype).expand(shape)
    generator = torch.Generator().manual_seed(0)
    return x, x + sigma * torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)


@every
def test_removes_noise_of_each_number_of_channels(name: str, untouched_rng: object) -> None:
    for count in channels(name):
        x, y = noisy(1, count, 16, 16)
        before = y.clone()
        x_hat = make(name)(y, 0.1)
        assert torch.equal(y, before)
        assert x_hat.shape == y.shape
        assert x_hat.dtype == y.dtype
        assert float((x_hat - x).square().mean()) < 0.6 * float((y - x).square().mean())
        assert torch.equal(make(name)(y, 0.1), x_hat), "the same call gave another answer"


@every
def test_items_do_not_see_each_other(name: str) -> None:
    _, y = noisy(3, channels(name)[0], 12, 14)
    sigma = torch.tensor([0.0, 0.1, 0.3])
    x_hat = make(name)(y, sigma)
    assert torch.equal(x_hat[0], y[0]), "sigma = 0 returns x"
    for i in (1, 2):
        torch.testing.assert_close(make(name)(y[i : i + 1], float(sigma[i])), x_hat[i : i + 1], rtol=0, atol=1e-7)


@every
@pytest.mark.parametrize("value_range", [(-1.0, 1.0), (0.0, 255.0)])
def test_units_are_those_of_the_range(name: str, value_range: tuple[float, float]) -> None:
    _, y = noisy(1, channels(name)[-1], 12, 12)
    low, high = value_range
    scaled = make(name, value_range)(low + (high - low) * y, 0.1 * (high - low))
    torch.testing.assert_close((scaled - low) / (high - low), make(name)(y, 0.1), rtol=0, atol=1e-8)


@every
@pytest.mark.parametrize("shape", [(1, 1), (3, 20), (9, 13)])
@pytest.mark.parametrize("sigma", [1e-30, 0.2, 50.0, 1e9])
def test_any_size_and_any_noise(name: str, shape: tuple[int, int], sigma: float) -> None:
    _, y = noisy(1, channels(name)[-1], *shape, sigma=sigma, dtype=torch.float32)
    x_hat = make(name)(y, sigma)
    assert x_hat.shape == y.shape
    assert bool(torch.isfinite(x_hat).all())


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_lower_precision_is_near_double(name: str, dtype: torch.dtype) -> None:
    _, y = noisy(1, channels(name)[0], 12, 12)
    y = y.to(dtype)
    x_hat = make(name)(y, 0.1)
    assert x_hat.dtype == dtype
    assert float((x_hat.double() - make(name)(y.double(), 0.1)).square().mean().sqrt()) < 5e-3


@every
def test_what_cannot_be_denoised_is_refused(name: str) -> None:
    y = torch.zeros(2, channels(name)[0], 8, 8)
    for wrong, message in [
        (y[0], "expected \\(B, C, H, W\\)"),
        (y.to(torch.complex64), "takes real images"),
        (y.long(), "expected floating point"),
    ]:
        with pytest.raises(ValueError, match=message):
            make(name)(wrong, 0.1)
    for sigma in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="expected finite numbers >= 0"):
            make(name)(y, sigma)
    with pytest.raises(ValueError, match="one per item"):
        make(name)(y, torch.ones(3))
    with pytest.raises(ValueError, match="value_range"):
        make(name, (1.0, 1.0))


@every
def test_wrong_channels_are_refused(name: str) -> None:
    if make(name).channels is None:
        pytest.skip("takes any number of channels")
    with pytest.raises(ValueError, match="channels"):
        make(name)(torch.zeros(1, 7, 8, 8), 0.1)


@every
@pytest.mark.gpu
def test_same_on_the_gpu(name: str) -> None:
    _, y = noisy(2, channels(name)[-1], 24, 24)
    sigma = torch.tensor([0.1, 0.3])
    x_hat = make(name).cuda()(y.cuda(), sigma.cuda())
    torch.testing.assert_close(x_hat.cpu(), make(name)(y, sigma), rtol=0, atol=1e-6)
    assert torch.equal(make(name).cuda()(y.cuda(), sigma.cuda()), x_hat), "the same call gave another answer"
