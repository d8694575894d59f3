"""Claims about published gains, on tables made by hand: each both ways."""

import math
from pathlib import Path
from typing import Any

import pytest
from hand_made import comparison, summary, tables

from lit_inverse.reproductions.claims.gains import decibels, gain, gains_as_published, gains_with_noise

PUBLISHED = {(10, 0.0): 10.0, (10, 1.0): 15.0, (10, 3.0): 50.0}  # .46, .71 and 3.01 dB
AS_PUBLISHED = gains_as_published("learned", "plain", PUBLISHED, share=0.5)
WITH_NOISE = gains_with_noise("learned", "plain", PUBLISHED, share=0.5)
LEVELS = [summary("plain", 10, 1.0), summary("plain", 10, 1.0, level=3.0)]


def test_decibels_of_a_gain_are_those_of_what_is_left() -> None:
    assert decibels(50) == pytest.approx(10 * math.log10(2))
    assert decibels(0) == 0
    assert decibels(100) == math.inf


def pairs(quiet: tuple[float, float], noisy: tuple[float, float], falls: float = 0.0) -> list[dict[str, Any]]:
    """Intervals of the difference in tens of dB, and mean squared errors that fall by as much, but for `falls`."""
    rows = [comparison("learned", "plain", 10, *quiet), comparison("plain", "learned", 10, *noisy, level=3.0)]
    for row, sign in zip(rows, (-1, 1), strict=True):
        row["difference"] = sign * (1 - 10 ** -abs(row["difference"]))
    rows[1] |= {"difference": falls} if falls else {}
    return rows


@pytest.mark.parametrize(
    ("quiet", "noisy", "holds"),
    [
        ((-0.06, -0.04), (0.2, 0.4), True),
        ((-0.06, -0.02), (0.2, 0.4), None),  # from .2 dB on at the first, asked .23
        ((-0.06, -0.04), (0.1, 0.2), None),  # 1 to 2 dB, asked 1.5
        ((-0.06, -0.04), (0.05, 0.1), False),
        ((-0.06, -0.04), (0.05, 0.148), None),  # short of it but for the number of places
    ],
)
def test_half_of_a_published_gain_is_told_by_all_intervals(
    tmp_path: Path, quiet: tuple[float, float], noisy: tuple[float, float], holds: bool | None
) -> None:
    found = tables(tmp_path, comparisons=pairs(quiet, noisy), summary=LEVELS)
    assert AS_PUBLISHED(found).holds is holds


@pytest.mark.parametrize(
    ("noisy", "falls", "holds"),
    [((0.05, 0.1), 0.2, False), ((0.05, 0.1), 0.4, None), ((0.2, 0.4), 0.4, True), ((0.2, 0.4), -0.3, None)],
)
def test_a_gain_is_short_or_reached_in_mean_error_too(
    tmp_path: Path, noisy: tuple[float, float], falls: float, holds: bool | None
) -> None:
    """Hard images may rule it: .4 of it are 2.2 dB, and 1.5 are asked."""
    found = tables(tmp_path, comparisons=pairs((-0.06, -0.04), noisy, falls), summary=LEVELS)
    assert AS_PUBLISHED(found).holds is holds


def test_a_level_that_was_run_but_not_compared_leaves_the_claim_open(tmp_path: Path) -> None:
    rows = pairs((-0.06, -0.04), (0.2, 0.4))
    lost = AS_PUBLISHED(tables(tmp_path / "a", comparisons=rows[:1], summary=LEVELS))
    assert lost.holds is None
    assert lost.evidence.endswith("; not compared in dB at 10, noise 3")
    no_db = [rows[0], rows[1] | {"difference_db": "nan"}]
    assert AS_PUBLISHED(tables(tmp_path / "b", comparisons=no_db, summary=LEVELS)).holds is None
    assert AS_PUBLISHED(tables(tmp_path / "c", comparisons=rows[:1], summary=LEVELS[:1])).holds


def images(noisy: list[float]) -> list[dict[str, Any]]:
    """Errors with learned regularisation, of 1 without it and of .9 without noise."""
    errors = {
        ("plain", 0.0): [1.0] * 4,
        ("plain", 3.0): [1.0] * 4,
        ("learned", 0.0): [0.9] * 4,
        ("learned", 3.0): noisy,
    }
    return [{"solver": solver, "setting": 10, "noise_level": level, "image": i, "error": error}
            for (solver, level), values in errors.items() for i, error in enumerate(values)]  # fmt: skip


@pytest.mark.parametrize(
    ("noisy", "holds"),
    [([0.5, 0.45, 0.5, 0.55], True), ([0.9, 0.85, 0.95, 0.9], False), ([0.5, 0.9, 0.5, 0.9], None)],
)
def test_gains_of_the_same_images_are_compared_between_noise_levels(
    tmp_path: Path, noisy: list[float], holds: bool | None
) -> None:
    rows = pairs((-0.06, -0.04), (0.2, 0.4) if holds else (0.05, 0.1))
    found = tables(tmp_path, comparisons=rows, summary=LEVELS, images=images(noisy))
    assert WITH_NOISE(found).holds is holds


def test_gains_of_mean_errors_grow_too(tmp_path: Path) -> None:
    rows = pairs((-0.06, -0.04), (0.05, 0.1))  # by less than asked
    found = tables(tmp_path, comparisons=rows, summary=LEVELS, images=images([0.5] * 4))
    assert WITH_NOISE(found).holds is None


def test_the_evidence_tells_what_is_gained_and_what_was_published(tmp_path: Path) -> None:
    found = tables(tmp_path, comparisons=pairs((-0.06, -0.04), (0.05, 0.1)), summary=LEVELS, images=images([0.5] * 4))
    assert (
        WITH_NOISE(found).evidence
        == "+2.55 dB more at noise 3 than at 0 (+2.55 to +2.55, n = 4), of the mean errors +0.25, published +2.55"
    )
    expected = "plain at 10: -0.5 dB (-0.6 to -0.4, n = 5), asked -0.229; "
    expected += "plain at 10, noise 3: -0.75 dB (-1 to -0.5, n = 5), asked -1.51"
    assert AS_PUBLISHED(found).evidence == expected


@pytest.mark.parametrize("bad", [0.0, "", "nan"])
def test_what_was_not_measured_is_not_decided(tmp_path: Path, bad: Any) -> None:
    assert AS_PUBLISHED(tables(tmp_path / "a")).holds is None
    assert WITH_NOISE(tables(tmp_path / "a")).holds is None
    rows = pairs((-0.06, -0.04), (0.05, 0.1))
    one_level = tables(tmp_path / "b", comparisons=rows[:1], summary=LEVELS[:1], images=images([0.9] * 4))
    assert WITH_NOISE(one_level).holds is None
    holed = tables(tmp_path / "c", comparisons=rows, summary=LEVELS, images=images([0.9, 0.9, 0.9, bad]))
    assert WITH_NOISE(holed).holds is None
    without = tables(tmp_path / "d", comparisons=rows, summary=LEVELS)
    assert WITH_NOISE(without).holds is None
    no_db = [row | {"difference_db": ""} for row in rows]
    assert AS_PUBLISHED(tables(tmp_path / "e", comparisons=no_db, summary=LEVELS)).holds is None


def test_a_gain_is_told_in_per_cent_of_the_mean_error(tmp_path: Path) -> None:
    found = tables(tmp_path, comparisons=[comparison("plain", "learned", 10, 0.1, 0.2)], summary=LEVELS)
    measured = gain(found, "learned", "plain", 10, 0.0)
    assert measured is not None
    assert (measured.value, measured.low, measured.high, measured.n) == pytest.approx((15, 10, 20, 5))
    assert str(measured) == "15.0 % (10.0 to 20.0, n = 5)"
    assert gain(found, "learned", "plain", 10, 3.0) is None
    zero = tables(tmp_path / "zero", comparisons=[comparison("plain", "learned", 10, 0.1, 0.2)],
                  summary=[summary("plain", 10, 0.0)])  # fmt: skip
    assert gain(zero, "learned", "plain", 10, 0.0) is None
