"""Claims about solvers, on tables made by hand: each both ways."""

from pathlib import Path

import pytest
from hand_made import comparison, summary, tables

from lit_inverse.reproductions.claims.sweeps import (
    ahead,
    ahead_in_most,
    diverges_often,
    gain,
    gains_with_noise,
    not_above,
    saturates,
)
from lit_inverse.reproductions.experiment import Check

BETTER, WORSE, OPEN = (-0.3, -0.1), (0.1, 0.3), (-0.1, 0.2)


@pytest.mark.parametrize(
    ("intervals", "holds"),
    [([BETTER, BETTER], True), ([BETTER, OPEN], None), ([BETTER, WORSE], False), ([OPEN, WORSE], False), ([], None)],
)
def test_ahead_is_told_by_the_intervals_at_every_setting(
    tmp_path: Path, intervals: list[tuple[float, float]], holds: bool | None
) -> None:
    rows = [comparison("ours", "lasso", 10 * (i + 1), *interval) for i, interval in enumerate(intervals)]
    found = tables(tmp_path, comparisons=[*rows, comparison("other", "lasso", 10, *WORSE)])
    assert ahead("ours", "lasso")(found).holds is holds


def test_ahead_does_not_depend_on_which_solver_a_pair_begins_with(tmp_path: Path) -> None:
    found = tables(tmp_path, comparisons=[comparison("lasso", "ours", 10, *WORSE)])
    verdict = ahead("ours", "lasso")(found)
    assert verdict.holds
    assert "lasso at 10: -0.2 (-0.3 to -0.1)" in verdict.evidence
    assert ahead("lasso", "ours")(found).holds is False


def test_ahead_may_be_asked_of_a_range_of_m_over_n(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", m, *interval) for m, interval in ((10, BETTER), (100, WORSE))]
    found = tables(tmp_path, {"unknowns": 1000}, comparisons=rows)
    assert ahead("ours", "lasso", below=0.05)(found).holds
    assert ahead("ours", "lasso", above=0.05)(found).holds is False
    assert ahead("ours", "lasso", above=0.5)(found).holds is None


def test_the_evidence_names_where_a_solver_is_behind(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", 10, *BETTER), comparison("ours", "tv", 20, *WORSE)]
    evidence = ahead("ours", "lasso", "tv")(tables(tmp_path, comparisons=rows)).evidence
    assert evidence == "ahead at 1 of 2, behind tv at 20: +0.2 (+0.1 to +0.3)"


@pytest.mark.parametrize(
    ("counts", "holds"),
    [((4, 1, 0), True), ((3, 2, 0), False), ((3, 1, 1), None), ((2, 1, 2), None), ((0, 0, 5), None)],
)
def test_ahead_in_most_counts_pairs_of_setting_and_solver(
    tmp_path: Path, counts: tuple[int, int, int], holds: bool | None
) -> None:
    intervals = [one for one, n in zip((BETTER, WORSE, OPEN), counts, strict=True) for _ in range(n)]
    rows = [comparison("ours", "lasso", i, *interval) for i, interval in enumerate(intervals)]
    assert ahead_in_most("ours", "lasso", share=0.8)(tables(tmp_path, comparisons=rows)).holds is holds


@pytest.mark.parametrize(("diverged", "holds"), [(2, True), (1, False)])
def test_diverging_is_often_from_a_quarter_of_the_cases_on(tmp_path: Path, diverged: int, holds: bool) -> None:
    rows = [summary("amp", 10, 1.0, diverged), summary("amp", 500, 1.0, 5), summary("tv", 10, 1.0)]
    verdict = diverges_often("amp", below=0.03)(tables(tmp_path, summary=rows))
    assert verdict.holds is holds
    assert f"{diverged} of 5" in verdict.evidence


@pytest.mark.parametrize(("last", "holds"), [(0.06, True), (0.04, False)])
def test_saturation_keeps_half_of_the_error(tmp_path: Path, last: float, holds: bool) -> None:
    rows = [summary("csgm", m, mse) for m, mse in ((25, 1.0), (75, 0.1), (200, last))]
    assert saturates("csgm", 75)(tables(tmp_path, summary=rows)).holds is holds
    assert saturates("csgm", 50)(tables(tmp_path / "other", summary=rows)).holds is None


@pytest.mark.parametrize(("noisy", "holds"), [((-0.5, -0.4), True), ((-0.06, -0.05), False), ((-0.3, 0.1), None)])
def test_gains_are_compared_between_noise_levels(
    tmp_path: Path, noisy: tuple[float, float], holds: bool | None
) -> None:
    rows = [comparison("plain", "learned", 10, 0.1, 0.2), comparison("learned", "plain", 10, *noisy, level=3.0)]
    found = tables(
        tmp_path, comparisons=rows, summary=[summary("plain", 10, 1.0), summary("plain", 10, 1.0, level=3.0)]
    )
    assert gains_with_noise("learned", "plain")(found).holds is holds
    assert gain(found, "learned", "plain", 10, 0.0) == pytest.approx((15, 10, 20))


@pytest.mark.parametrize(("last", "holds"), [(0.102, True), (0.13, False)])
def test_the_last_iterate_may_be_a_little_above_the_best(tmp_path: Path, last: float, holds: bool) -> None:
    rows = [summary("early", 10, 0.1), summary("late", 10, 0.2), summary("all", 10, last)]
    verdict = not_above("all", "early", "late")(tables(tmp_path, summary=rows))
    assert verdict.holds is holds
    assert f"{last / 0.1 - 1:+.1%} of the least other one at 10" in verdict.evidence


@pytest.mark.parametrize(
    "check",
    [
        not_above("a", "b"),
        ahead("a", "b"),
        ahead_in_most("a", "b"),
        diverges_often("a", 0.1),
        saturates("a", 1),
        gains_with_noise("a", "b"),
    ],
)
def test_what_was_not_measured_is_not_decided(tmp_path: Path, check: Check) -> None:
    assert check(tables(tmp_path)).holds is None
