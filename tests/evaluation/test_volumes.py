"""Errors of volumes from the lines of their slices."""

import math

import pytest
import torch
from evaluation.sweeps import Row

from lit_inverse import challenge_metrics
from lit_inverse.evaluation.reference import Reference
from lit_inverse.evaluation.solving import by_item
from lit_inverse.evaluation.volumes import volume_errors


def volume(seed: int, n_slices: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x and x_hat (slices, 1, 20, 24), of which the slices differ in brightness."""
    source = torch.Generator().manual_seed(seed)
    brightness = torch.linspace(1, 3, n_slices).view(-1, 1, 1, 1)
    x = brightness * torch.rand(n_slices, 1, 20, 24, generator=source)
    return x, x + 0.1 * torch.randn(x.shape, generator=source)


def rows(name: str, x: torch.Tensor, x_hat: torch.Tensor, repeat: int = 0) -> list[Row]:
    items = [{"x": one, "maximum": x.max()} for one in x]
    reference = Reference.of(items, x, (0.0, 1.0))
    common = {"solver": "a", "label": "A", "m": 10, "noise_level": 0.0, "repeat": repeat, "volume": name}
    found = by_item(reference.errors(reference.shown(x_hat)))
    return [common | {"image": f"{name}:{number}"} | errors for number, errors in enumerate(found)]


def test_errors_of_slices_add_up_to_those_of_the_challenge() -> None:
    x, x_hat = volume(0, 5)
    (found,) = volume_errors(rows("v.h5", x, x_hat))
    expected = challenge_metrics.volume_errors(x_hat[:, 0], x[:, 0])
    assert found.slices == 5
    assert [found.nmse, found.psnr, found.ssim] == pytest.approx([float(v) for v in expected.values()], rel=1e-5)


def test_volumes_are_told_apart_and_repeats_averaged() -> None:
    (x, x_hat), (other, other_hat) = volume(0, 3), volume(1, 2)
    once = volume_errors(rows("a", x, x_hat))[0]
    again = volume_errors(rows("a", x, x + 2 * (x_hat - x)))[0]
    both = rows("a", x, x_hat) + rows("b", other, other_hat) + rows("a", x, x + 2 * (x_hat - x), repeat=1)
    found = volume_errors(both)
    assert [(one.volume, one.slices) for one in found] == [("a", 3), ("b", 2)]
    assert found[0].nmse == pytest.approx((once.nmse + again.nmse) / 2)


def test_a_perfect_volume_has_an_infinite_ratio_and_images_without_volumes_none() -> None:
    x, _ = volume(0, 2)
    (perfect,) = volume_errors(rows("a", x, x))
    assert (perfect.psnr, perfect.nmse) == (math.inf, 0.0)
    assert volume_errors([]) == []


def test_a_slice_that_is_found_exactly_and_a_black_one_count_in_their_volume() -> None:
    x, x_hat = volume(0, 4)
    x[3] = 0
    exact = x_hat.clone()
    exact[1] = x[1]
    of_one, of_other = rows("v.h5", x, exact), [row | {"solver": "b"} for row in rows("v.h5", x, x_hat)]
    found = volume_errors(of_one + of_other)[0]
    expected = challenge_metrics.volume_errors(exact[:, 0], x[:, 0])
    assert [found.nmse, found.psnr, found.ssim] == pytest.approx([float(v) for v in expected.values()], rel=1e-5)
