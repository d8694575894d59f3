"""Signals of few trigonometric functions."""

import pytest
import torch

from datamodules import SmoothSignalsDataModule
from datamodules.smooth_signals import trigonometric_basis


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_the_basis_is_orthonormal_and_of_rising_frequency(n: int) -> None:
    basis = trigonometric_basis(n, n)
    torch.testing.assert_close(basis.mT @ basis, torch.eye(n, dtype=torch.float64), rtol=0, atol=1e-12)
    spectrum = torch.fft.rfft(basis.mT).abs()
    assert spectrum.argmax(1).tolist() == [(i + 1) // 2 for i in range(n)]
    torch.testing.assert_close(trigonometric_basis(n, min(n, 3)), basis[:, :3])


def test_signals_are_smooth_and_of_unit_norm() -> None:
    x = SmoothSignalsDataModule(n=60, p=7, n_test=500).dataset("test").x
    assert x.shape == (500, 60)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.norm(dim=1), torch.ones(500))
    spectrum = torch.fft.rfft(x.double()).abs()
    assert spectrum[:, 4:].max() < 1e-5 < spectrum[:, :4].amin(1).median()
    z = x.double() @ trigonometric_basis(60, 7)
    assert z.square().mean(0).min().item() == pytest.approx(1 / 7, rel=0.2)  # no direction is preferred
    power = SmoothSignalsDataModule(n=60, p=7, unit_norm=False, n_test=500).dataset("test").x.square().sum(1)
    assert power.mean().item() == pytest.approx(7, rel=0.1)


def test_sets_are_the_same_each_time_and_differ_from_each_other(untouched_rng: None) -> None:
    one, two = (SmoothSignalsDataModule(n=20, p=5, n_train=100, n_val=100, n_test=100) for _ in range(2))
    for split in ("train", "val", "test"):
        assert torch.equal(one.dataset(split).x, two.dataset(split).x)
    assert not torch.equal(one.dataset("train").x, one.dataset("val").x)
    assert not torch.equal(one.dataset("test").x, SmoothSignalsDataModule(n=20, p=5, seed=1).dataset("test").x[:100])
    assert torch.equal(SmoothSignalsDataModule(n=20, p=5, n_train=37).dataset("train").x, one.dataset("train").x[:37])
    item = one.dataset("test")[3]
    assert item["id"] == "test/3"
    assert item["x"].shape == one.item_shape


def test_loaders_give_all_items_and_shuffle_only_the_training_set(untouched_rng: None) -> None:
    data = SmoothSignalsDataModule(n=20, p=5, n_train=50, n_val=9, n_test=9, batch_size=4)
    assert [name for batch in data.test_dataloader() for name in batch["id"]] == [f"test/{i}" for i in range(9)]
    assert sum(len(batch["x"]) for batch in data.val_dataloader()) == 9
    loader = data.train_dataloader()
    first, second = ([name for batch in loader for name in batch["id"]] for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == sorted(f"train/{i}" for i in range(50))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 0}, "p is 0, expected from 1 to n = 300"),
        ({"n": 4, "p": 5}, "p is 5"),
        ({"n_test": 0}, "n_test is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SmoothSignalsDataModule(**arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="split is 'tea'"):
        SmoothSignalsDataModule().dataset("tea")
