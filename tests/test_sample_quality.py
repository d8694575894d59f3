"""Distances between sets of images, against loops and closed forms, and on digits."""

import builtins
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from datamodules import DigitsDataModule, MNISTDataModule
from lit_inverse.sample_quality import (
    RandomFeatures,
    frechet_distance,
    kernel_distance,
    make_features,
    precision_recall,
)
from lit_inverse.seeding import generator


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def test_kernel_distance_is_its_sums() -> None:
    a, b = randn(5, 3).numpy(), randn(4, 3, seed=1).numpy()

    def k(u: Any, v: Any) -> Any:
        return (np.dot(u, v) / 3 + 1) ** 3

    expected = (
        np.mean([k(a[i], a[j]) for i in range(5) for j in range(5) if i != j])
        + np.mean([k(b[i], b[j]) for i in range(4) for j in range(4) if i != j])
        - 2 * np.mean([k(u, v) for u in a for v in b])
    )
    assert float(kernel_distance(torch.from_numpy(a), torch.from_numpy(b))) == pytest.approx(expected, rel=1e-12)


def test_kernel_distance_is_0_in_the_mean_for_sets_of_one_law() -> None:
    values = torch.stack([kernel_distance(randn(20, 4, seed=2 * i), randn(20, 4, seed=2 * i + 1)) for i in range(400)])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert (values < 0).any()


def test_frechet_distance_of_gaussians_is_the_closed_form() -> None:
    a = randn(200_000, 2)
    b = randn(200_000, 2, seed=1) * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, 0.0])
    assert float(frechet_distance(a, b)) == pytest.approx(1 + (2 - 1) ** 2 + (0.5 - 1) ** 2, abs=0.03)
    assert float(frechet_distance(a, a)) == pytest.approx(0, abs=1e-6)


def test_precision_and_recall_are_their_definition() -> None:
    real, fake, k = randn(12, 2), randn(9, 2, seed=1) + 0.5, 3

    def part_near(points: Tensor, of: Tensor) -> float:
        radii = [sorted(float((p - q).norm()) for q in of)[k] for p in of]
        near = [any((p - q).norm() <= r for q, r in zip(of, radii, strict=True)) for p in points]
        return sum(near) / len(near)

    precision, recall = precision_recall(real, fake)
    assert (float(precision), float(recall)) == pytest.approx((part_near(fake, real), part_near(real, fake)))


def test_samples_of_one_kind_are_precise_and_recall_little() -> None:
    real = torch.cat([randn(50, 4), randn(50, 4, seed=1) + 20])
    precision, recall = precision_recall(real, randn(100, 4, seed=2))
    assert precision > 0.8
    assert 0.2 < recall < 0.55


@pytest.mark.usefixtures("untouched_rng")
def test_random_features_are_fixed_and_of_every_size() -> None:
    x = torch.rand(2, 3, 64, 64, generator=generator(0))
    features = RandomFeatures()
    assert features(x).shape == (2, 128 * 4 * 4)
    torch.testing.assert_close(features(x)[1:], RandomFeatures()(x[1:]))
    assert features(x[:, :1, :28, :28]).shape == (2, 64 * 4 * 4)
    assert 0.1 < features((x > 0.5).float()).square().mean() < 10


def digits(root: Any, n: int) -> Tensor:
    images = MNISTDataModule(root).dataset("test") if root else DigitsDataModule().dataset("train")
    return torch.stack([images[i]["x"] for i in range(n)])


def test_two_halves_of_a_set_are_near_and_noise_is_far(mnist_root: Any) -> None:
    features = RandomFeatures()
    first, second = features(digits(mnist_root, 1000)).chunk(2)
    noise = features(torch.rand(500, 1, 28, 28, generator=generator(0)))
    other = features(digits(None, 500))
    near, font, far = (float(kernel_distance(first, of)) for of in (second, other, noise))
    assert abs(near) < 1e-3
    assert 3e-3 < font < far
    assert far > 0.2
    assert min(precision_recall(first, second)) > 0.75
    assert max(precision_recall(first, noise)) == 0


def test_too_few_images_are_refused() -> None:
    with pytest.raises(ValueError, match="3 real and 9 fake images, expected more than k = 3"):
        precision_recall(randn(3, 2), randn(9, 2))
    with pytest.raises(ValueError, match="1 real"):
        kernel_distance(randn(1, 2), randn(9, 2))


def test_inception_that_can_not_be_had_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith(("torchmetrics.image", "torch_fidelity")):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ValueError, match="quality is 'inception', which can not be had .*pip install torch-fidelity"):
        make_features("inception")


def test_random_features_do_not_depend_on_mixed_precision() -> None:
    x = torch.rand(2, 1, 28, 28, generator=generator(0), dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = RandomFeatures()(x)
    assert torch.equal(mixed, RandomFeatures()(x))


def test_inception_is_given_the_grey_levels_that_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchmetrics.image.fid.NoTrainInceptionV3", lambda *_: _Passing())
    levels = torch.arange(256, dtype=torch.uint8)
    x = -1 + 2 * (levels.float() / 255)  # as data modules with the range [-1, 1] make them
    rgb = make_features("inception")(((x + 1) / 2).view(1, 1, 16, 16))
    assert torch.equal(rgb, levels.view(1, 1, 16, 16).expand(1, 3, 16, 16))


class _Passing(torch.nn.Module):
    """What it is given."""

    def forward(self, x: Tensor) -> Tensor:
        return x
