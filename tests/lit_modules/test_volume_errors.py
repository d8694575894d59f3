import pytest
import torch

from lit_inverse.challenge_metrics import slice_sums, volume_errors
from lit_inverse.lit_modules.volume_errors import VolumeErrors
from lit_inverse.seeding import generator


def test_values_are_means_over_volumes_and_over_slices_and_slices_count_once() -> None:
    source = generator(1)
    x, x_hat = (torch.rand(5, 1, 9, 9, generator=source, dtype=torch.float64) for _ in range(2))
    maximum = torch.tensor([2.0, 3, 2, 3, 2], dtype=torch.float64)
    names = ["a:0", "b:0", "a:1", "b:1", "a:2"]
    errors = VolumeErrors()
    for part in ([4, 0], [1], [0, 2, 3], [1]):  # as DDP repeats slices to fill up the last batches
        rows = slice_sums(x_hat[part], x[part], maximum[part])
        errors.update([names[i] for i in part], [names[i][0] for i in part], rows)
    found = errors.compute()
    volumes = [volume_errors(x_hat[i, 0], x[i, 0], peak) for i, peak in (([0, 2, 4], 2.0), ([1, 3], 3.0))]
    slices = [volume_errors(x_hat[i], x[i], float(maximum[i])) for i in range(5)]
    for name in ("nmse", "psnr", "ssim"):
        assert found[name] == pytest.approx(float(torch.stack([one[name] for one in volumes]).mean()))
        assert found[f"slice_{name}"] == pytest.approx(float(torch.stack([one[name] for one in slices]).mean()))
    errors.reset()
    assert errors.compute() == {}


def test_a_black_slice_has_no_nmse_of_its_own_but_counts_in_its_volume() -> None:
    x, x_hat = (torch.rand(3, 1, 9, 9, generator=generator(seed), dtype=torch.float64) for seed in (1, 2))
    x[1] = x_hat[2] = x[2] = 0
    errors, maximum = VolumeErrors(), torch.ones(3, dtype=torch.float64)
    errors.update(["a:0", "a:1", "a:2"], ["a", "a", "a"], slice_sums(x_hat, x, maximum))
    found = errors.compute()
    assert found["slice_nmse"] == pytest.approx(float((x_hat[0] - x[0]).square().sum() / x[0].square().sum()))
    assert found["nmse"] == pytest.approx(float((x_hat - x).square().sum() / x.square().sum()))
