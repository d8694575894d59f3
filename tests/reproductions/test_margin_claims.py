"""Claims about margins, on tables made by hand: each both ways. Ours less the other's; the dB are ten times as many."""

from pathlib import Path

import pytest
from hand_made import comparison, summary, tables

from lit_inverse.reproductions.claims.margins import far_ahead_of_one

FAR, NEAR, OPEN = (-0.6, -0.4), (-0.2, -0.1), (-0.5, -0.1)  # beyond 3 dB, within, across
LEVELS = 0.0, 1.0


@pytest.mark.parametrize(
    ("lasso", "tv", "holds"),
    [
        ((FAR, FAR), (NEAR, NEAR), True),
        ((FAR, FAR), (OPEN, OPEN), True),
        ((FAR, NEAR), (NEAR, FAR), False),  # not the same one everywhere
        ((FAR, OPEN), (NEAR, NEAR), None),
        ((NEAR, OPEN), (NEAR, FAR), False),
        ((FAR,), (NEAR, NEAR), None),
        ((), (NEAR, NEAR), None),
        ((), (), None),
    ],
)
def test_one_solver_is_far_behind_when_it_is_so_at_every_noise_level(
    tmp_path: Path, lasso: tuple[tuple[float, float], ...], tv: tuple[tuple[float, float], ...], holds: bool | None
) -> None:
    of_lasso = [comparison("ours", "lasso", 10, *ends, level) for ends, level in zip(lasso, LEVELS, strict=False)]
    of_tv = [comparison("tv", "ours", 10, -high, -low, level) for (low, high), level in zip(tv, LEVELS, strict=False)]
    other = comparison("lasso", "tv", 10, *FAR)
    found = tables(tmp_path, comparisons=[*of_lasso, *of_tv, other], summary=[summary("ours", 10, 1.0)])
    assert far_ahead_of_one("ours", "lasso", "tv", margin=3.0)(found).holds is holds


def test_the_mean_squared_error_must_be_larger_too(tmp_path: Path) -> None:
    row = comparison("ours", "lasso", 10, *FAR) | {"difference": 0.5}
    assert far_ahead_of_one("ours", "lasso", margin=3.0)(tables(tmp_path, comparisons=[row])).holds is None


def test_one_of_many_levels_does_not_refute_by_chance(tmp_path: Path) -> None:
    """Its interval ends just below 3 dB, and above once widened for the number of levels."""
    rows = [comparison("ours", "lasso", 10, -0.295, -0.105)]
    alone = far_ahead_of_one("ours", "lasso", margin=3.0)(tables(tmp_path / "one", comparisons=rows))
    assert alone.holds is False
    rows += [comparison("ours", "lasso", 10, *FAR, float(level)) for level in range(1, 4)]
    found = tables(tmp_path / "four", comparisons=rows)
    assert far_ahead_of_one("ours", "lasso", margin=3.0)(found).holds is None


def test_the_evidence_names_the_closest_level_of_each_solver(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", 10, *ends, level) for ends, level in zip((FAR, NEAR), LEVELS, strict=True)]
    evidence = far_ahead_of_one("ours", "lasso", "tv", margin=3.0)(tables(tmp_path, comparisons=rows)).evidence
    assert evidence == "lasso +1.5 dB and more, interval +1 to +2, n = 5; tv was not compared"


def test_a_difference_without_decibels_leaves_the_claim_open(tmp_path: Path) -> None:
    row = {name: cell for name, cell in comparison("ours", "lasso", 10, *FAR).items() if "db" not in name}
    verdict = far_ahead_of_one("ours", "lasso", margin=3.0)(tables(tmp_path, comparisons=[row]))
    assert verdict.holds is None
    assert verdict.evidence == "lasso was not compared"
