"""Masks of Fourier coefficients: how many, where, and of which seed."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy.spatial import cKDTree
from torch import Tensor

from lit_inverse.operators import masks
from lit_inverse.seeding import per_seed

KINDS: tuple[masks.Columns, ...] = ("random", "equispaced", "magic")


def frequencies(mask: Tensor) -> set[tuple[int, int]]:
    centre = torch.tensor([side // 2 for side in mask.shape])
    return {(row, column) for row, column in (mask.nonzero() - centre).tolist()}


@pytest.mark.parametrize(("lines", "published"), [(3, 381), (5, 634), (10, 1260), (20, 2500)])
def test_radial_lines_have_the_coefficients_of_cs_dip(lines: int, published: int) -> None:
    mask = masks.radial((256, 256), lines)
    assert int(mask.sum()) == published
    assert not mask[128, 128]
    assert int(masks.radial((256, 256), lines, half=False, zero_frequency=True).sum()) == 2 * published + 1


@pytest.mark.parametrize("shape", [(16, 16), (15, 16), (9, 23), (1, 8), (8, 1), (7, 7)])
def test_half_of_a_radial_mask_and_its_mirror_image_are_the_whole(shape: tuple[int, int]) -> None:
    half = frequencies(masks.radial(shape, 7))
    mirrored = {(-row, -column) for row, column in half}
    assert not half & mirrored
    assert half | mirrored | {(0, 0)} == frequencies(masks.radial(shape, 7, half=False, zero_frequency=True))


def test_radial_lines_follow_their_angles() -> None:
    mask = masks.radial((64, 64), 4, half=False)
    steps = range(-31, 32)
    lines = [{(0, t) for t in steps}, {(t, t) for t in steps}, {(t, 0) for t in steps}, {(t, -t) for t in steps}]
    assert frequencies(mask) == set().union(*lines) - {(0, 0)}


def test_radial_lines_have_no_gaps_on_a_rectangle() -> None:
    across = masks.radial((40, 90), 1, half=False, zero_frequency=True)
    assert frequencies(across) == {(0, column) for column in range(-44, 45)}
    points = frequencies(masks.radial((40, 90), 6, half=False, zero_frequency=True))
    for row, column in points - {(0, 0)}:
        assert any((row + a, column + b) in points for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0))
    assert max(abs(row) for row, _ in points) == 19


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("width", "acceleration", "fraction"), [(320, 4, 0.08), (368, 8, 0.04), (33, 3.5, 0), (64, 2, 0.25)]
)
def test_cartesian_masks_have_an_exact_number_of_columns(
    kind: masks.Columns, width: int, acceleration: float, fraction: float
) -> None:
    for seed in range(20):
        mask = masks.cartesian((3, width), acceleration, fraction, kind, seed)
        assert (mask == mask[:1]).all()
        assert int(mask[0].sum()) == round(width / acceleration)
        n_block = round(width * fraction)
        first = width // 2 - n_block // 2
        assert mask[0, first : first + n_block].all()


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_of_cartesian_masks_differ_and_repeat(kind: masks.Columns) -> None:
    drawn = [masks.cartesian((2, 256), 4, 0.08, kind, seed) for seed in range(8)]
    assert len({tuple(mask[0].tolist()) for mask in drawn}) > 1
    assert torch.equal(drawn[3], masks.cartesian((2, 256), 4, 0.08, kind, 3))


def test_random_columns_are_uniform_outside_the_block() -> None:
    counts = torch.stack([masks.cartesian((1, 64), 4, 0.125, "random", seed)[0] for seed in range(2000)]).sum(0)
    outside = torch.cat([counts[:28], counts[36:]]) / 2000
    assert float((outside - 8 / 56).abs().max()) < 5 * (8 / 56 * 48 / 56 / 2000) ** 0.5


def test_equispaced_columns_are_equispaced() -> None:
    for seed in range(5):
        columns = masks.cartesian((1, 256), 4, 0.0, "equispaced", seed)[0].nonzero().squeeze(1)
        assert (columns.diff() == 4).all()


@pytest.mark.parametrize("seed", range(5))
def test_mirror_images_of_magic_columns_fill_their_gaps(seed: int) -> None:
    columns = masks.cartesian((1, 256), 4, 0.08, "magic", seed)[0].nonzero().squeeze(1) - 128
    outside = columns[columns.abs() > 10]
    sizes = outside.abs().sort().values
    assert len(sizes.unique()) == len(sizes)
    assert int(sizes.diff().max()) <= 3
    assert abs(int((outside > 0).sum()) - int((outside < 0).sum())) <= 1


@pytest.mark.parametrize(("shape", "acceleration"), [((64, 64), 4), ((60, 90), 7.3), ((96, 96), 16)])
def test_poisson_discs_have_an_exact_number_of_points(shape: tuple[int, int], acceleration: float) -> None:
    for seed in range(3):
        mask = masks.poisson_disc(shape, acceleration, calibration=12, seed=seed)
        assert int(mask.sum()) == round(shape[0] * shape[1] / acceleration)
        assert mask[shape[0] // 2 - 6 : shape[0] // 2 + 6, shape[1] // 2 - 6 : shape[1] // 2 + 6].all()


def test_poisson_discs_keep_their_distance_and_thin_out() -> None:
    mask = masks.poisson_disc((128, 128), 10, calibration=0, seed=0)
    points = mask.nonzero().numpy()
    distances = cKDTree(points).query(points, k=2)[0][:, 1]
    radius = np.hypot(*(points - 64).T)
    rings = [distances[(radius >= low) & (radius < low + 20)] for low in (0, 20, 40)]
    assert np.all(np.diff([ring.mean() for ring in rings]) > 0.3)
    assert distances[radius > 40].min() >= 2  # of independent points one in ten has a neighbour at 1


def test_poisson_discs_repeat() -> None:
    first, again, other = (masks.poisson_disc((32, 32), 4, 6, seed) for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert not torch.equal(first, other)


def test_all_coefficients_can_be_kept() -> None:
    assert masks.cartesian((4, 8), 1).all()
    assert masks.poisson_disc((8, 9), 1, calibration=0).all()


@pytest.mark.parametrize("acceleration", [1.05, 1.3, 1.6, 2, 3])
def test_poisson_discs_of_little_acceleration_are_exact_too(acceleration: float) -> None:
    assert int(masks.poisson_disc((32, 32), acceleration, calibration=8).sum()) == round(1024 / acceleration)


@pytest.mark.usefixtures("untouched_rng")
def test_masks_leave_the_global_generator_alone() -> None:
    masks.cartesian((4, 32), 4)
    masks.poisson_disc((16, 16), 4, 2)


def test_impossible_masks_are_refused() -> None:
    with pytest.raises(ValueError, match="lines is 0"):
        masks.radial((8, 8), 0)
    with pytest.raises(ValueError, match="shape is"):
        masks.radial((0, 8), 1)
    with pytest.raises(ValueError, match="center_fraction 0.5 keeps 16 of 32 columns, expected 0 to 8"):
        masks.cartesian((8, 32), 4, 0.5)
    with pytest.raises(ValueError, match="acceleration is 0.5, expected 1 to 32"):
        masks.cartesian((8, 32), 0.5)
    with pytest.raises(ValueError, match="kind is 'golden'"):
        masks.cartesian((8, 32), 4, kind="golden")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="use another"):
        masks.cartesian((8, 32), 1, 0.0, "magic")
    with pytest.raises(ValueError, match="calibration is 10, expected 0 to 8"):
        masks.poisson_disc((16, 16), 4, calibration=10)
    with pytest.raises(ValueError, match="empty list"):
        per_seed(lambda seed: masks.cartesian((8, 32), 4, seed=seed), [])
