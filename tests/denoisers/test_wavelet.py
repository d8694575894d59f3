import math

import pytest
import pywt
import torch

from lit_inverse.denoisers import Wavelet


def noisy() -> torch.Tensor:
    x = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    x[..., 8:24, 8:24] = 1
    return x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32)


@pytest.mark.parametrize("rule", ["bayes", "universal"])
def test_equals_thresholds_in_pywavelets(rule: str) -> None:
    y, sigma = noisy(), 0.1
    low, *levels = pywt.wavedec2(y[0, 0].numpy(), "db2", mode="periodization", level=2)

    def shrunk(band: object) -> object:
        values = torch.as_tensor(band)
        signal = math.sqrt(max(float(values.square().mean()) - sigma**2, 0))
        bayes = sigma**2 / signal if signal > 0 else math.inf
        tau = bayes if rule == "bayes" else sigma * math.sqrt(2 * math.log(1024))
        return (values.sign() * (values.abs() - tau).clamp(min=0)).numpy()

    levels = [tuple(shrunk(band) for band in level) for level in levels]
    expected = torch.from_numpy(pywt.waverec2([low, *levels], "db2", mode="periodization"))
    x_hat = Wavelet("db2", 2, rule)(y, sigma)[0, 0]  # type: ignore[arg-type]
    torch.testing.assert_close(x_hat, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("settings", [{"wavelet": "bior2.2"}, {"rule": "soft"}, {"level": -1}])
def test_impossible_settings_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Wavelet(**settings)  # type: ignore[arg-type]
