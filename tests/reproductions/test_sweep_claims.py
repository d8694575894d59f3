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
    assert "lasso at 10: -2 dB (-3 to -1, n = 5)" in verdict.evidence
    assert ahead("lasso", "ours")(found).holds is False


def test_ahead_may_be_asked_of_a_range_of_m_over_n(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", m, *interval) for m, interval in ((10, BETTER), (100, WORSE))]
    found = tables(tmp_path, {"unknowns": 1000}, comparisons=rows)
    assert ahead("ours", "lasso", below=0.05)(found).holds
    assert ahead("ours", "lasso", above=0.05)(found).holds is False
    assert ahead("ours", "lasso", above=0.5)(found).holds is None
    unknown = tables(tmp_path / "unknown", {"unknowns": None}, comparisons=rows)
    assert ahead("ours", "lasso", below=0.05)(unknown).holds is None
    assert ahead("ours", "lasso")(unknown).holds is False


def test_the_evidence_names_where_a_solver_is_behind(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", 10, *BETTER), comparison("ours", "tv", 20, *WORSE)]
    evidence = ahead("ours", "lasso", "tv")(tables(tmp_path, comparisons=rows)).evidence
    assert evidence.startswith("ahead at 1 of 4, behind tv at 20: +2 dB (+1 to +3, n = 5)")


@pytest.mark.parametrize("check", [ahead("ours", "lasso"), ahead_in_most("ours", "lasso", share=0.8)])
def test_what_is_ahead_is_told_by_the_decibels(tmp_path: Path, check: Check) -> None:
    """One hard image, on which ours is worse, rules the mean of squared errors."""
    row = comparison("ours", "lasso", 10, *WORSE) | {"difference_db": -2.0, "db_low": -3.0, "db_high": -1.0}
    assert check(tables(tmp_path / "ahead", comparisons=[row])).holds
    turned = row | {"difference_db": 2.0, "db_low": 1.0, "db_high": 3.0, "difference": -0.2, "high": -0.1}
    assert check(tables(tmp_path / "behind", comparisons=[turned])).holds is False


@pytest.mark.parametrize("check", [ahead("ours", "lasso"), ahead_in_most("ours", "lasso", share=0.8)])
def test_a_table_without_decibels_leaves_the_claim_open_and_says_so(tmp_path: Path, check: Check) -> None:
    row = {name: cell for name, cell in comparison("ours", "lasso", 10, *BETTER).items() if "db" not in name}
    verdict = check(tables(tmp_path, comparisons=[row]))
    assert verdict.holds is None
    assert verdict.evidence.endswith("undecided lasso at 10: no difference in dB (n = 5)")


OF_LASSO = [comparison("ours", "lasso", m, *BETTER) for m in (10, 20)]


@pytest.mark.parametrize("check", [ahead("ours", "lasso", "tv"), ahead_in_most("ours", "lasso", "tv", share=0.1)])
def test_a_solver_that_was_not_compared_is_named_and_leaves_the_claim_open(tmp_path: Path, check: Check) -> None:
    verdict = check(tables(tmp_path, comparisons=OF_LASSO))
    assert verdict.holds is None
    assert "not compared with tv at 10; tv at 20" in verdict.evidence


def test_a_setting_that_was_run_but_not_compared_is_named(tmp_path: Path) -> None:
    ran = [summary(name, m, 1.0) for name in ("ours", "lasso") for m in (10, 20, 30)]
    verdict = ahead("ours", "lasso")(tables(tmp_path, comparisons=OF_LASSO, summary=ran))
    assert verdict.holds is None
    assert verdict.evidence == "ahead at 2 of 3, not compared with lasso at 30"


def test_what_is_refuted_elsewhere_is_false_whatever_is_missing(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", m, *WORSE) for m in (10, 20)]
    found = tables(tmp_path, comparisons=rows)
    assert ahead("ours", "lasso", "tv")(found).holds is False
    assert ahead_in_most("ours", "lasso", "tv", share=0.8)(found).holds is False


@pytest.mark.parametrize("cell", ["", "nan"])
def test_a_difference_without_a_number_decides_nothing(tmp_path: Path, cell: str) -> None:
    rows = [OF_LASSO[0], OF_LASSO[1] | {"difference_db": cell, "db_low": cell, "db_high": cell}]
    found = tables(tmp_path, comparisons=rows)
    assert ahead("ours", "lasso")(found).holds is None
    assert ahead_in_most("ours", "lasso", share=0.8)(found).holds is None


@pytest.mark.parametrize("cell", ["", "nan"])
@pytest.mark.parametrize(
    ("check", "column"),
    [
        (diverges_often("ours", 0.1, share=0.0), "diverged"),
        (saturates("ours", 10, least=0.0), "mse_mean"),
        (not_above("ours", "lasso", slack=9.0), "mse_mean"),
        (gains_with_noise("ours", "lasso"), "mse_mean"),
    ],
)
def test_a_summary_without_a_number_decides_nothing(tmp_path: Path, check: Check, column: str, cell: str) -> None:
    rows = [summary(name, m, 1.0, level=level) for name in ("ours", "lasso") for m in (10, 20) for level in (0.0, 1.0)]
    pairs = [
        comparison("ours", "lasso", m, -0.2 - level, -0.1 - level, level) for m in (10, 20) for level in (0.0, 1.0)
    ]
    whole, holed = (tables(tmp_path / str(place), summary=[row | change for row in rows], comparisons=pairs)
                    for place, change in enumerate(({}, {column: cell})))  # fmt: skip
    assert check(whole).holds
    assert check(holed).holds is None


def test_errors_of_0_decide_nothing(tmp_path: Path) -> None:
    found = tables(tmp_path, summary=[summary(name, m, 0.0) for name in ("ours", "lasso") for m in (10, 20)])
    assert saturates("ours", 10, least=0.5)(found).holds is None
    assert not_above("ours", "lasso", slack=0.1)(found).holds is None
    rows = [comparison("ours", "lasso", 10, *BETTER)]
    zero = tables(tmp_path / "b", comparisons=rows, summary=[summary("lasso", 10, 0.0)])
    assert gain(zero, "ours", "lasso", (10, 0.0)) is None


def test_the_last_iterate_is_held_to_every_stop(tmp_path: Path) -> None:
    rows = [summary("all", 10, 0.1), summary("early", 10, 0.1)]
    verdict = not_above("all", "early", "late", slack=0.1)(tables(tmp_path, summary=rows))
    assert verdict.holds is None
    assert verdict.evidence == "late not measured at 10"


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
    verdict = diverges_often("amp", below=0.03, share=0.25)(tables(tmp_path, summary=rows))
    assert verdict.holds is holds
    assert f"{diverged} of 5" in verdict.evidence


def test_cases_that_diverge_are_held_to_all_cases(tmp_path: Path) -> None:
    """Of 5 volumes of 8 slices each, a quarter is 10 slices."""
    rows = [summary("amp", 10, 1.0, diverged) | {"cases": 40} for diverged in (9, 10)]
    found = [diverges_often("amp", 0.03, share=0.25)(tables(tmp_path / row["label"], summary=[row])) for row in rows]
    assert [verdict.holds for verdict in found] == [False, True]
    assert "9 of 40 cases" in found[0].evidence


def test_a_table_without_counts_of_cases_leaves_divergence_open(tmp_path: Path) -> None:
    row = {name: cell for name, cell in summary("amp", 10, 1.0, 2).items() if name != "cases"}
    verdict = diverges_often("amp", 0.03, share=0.25)(tables(tmp_path, summary=[row]))
    assert verdict.holds is None
    assert "without cases" in verdict.evidence


@pytest.mark.parametrize(("last", "holds"), [(0.06, True), (0.04, False)])
def test_saturation_keeps_half_of_the_error(tmp_path: Path, last: float, holds: bool) -> None:
    rows = [summary("csgm", m, mse) for m, mse in ((25, 1.0), (75, 0.1), (200, last))]
    assert saturates("csgm", 75, least=0.5)(tables(tmp_path, summary=rows)).holds is holds
    assert saturates("csgm", 50, least=0.5)(tables(tmp_path / "other", summary=rows)).holds is None


@pytest.mark.parametrize(("noisy", "holds"), [((-0.5, -0.4), True), ((-0.06, -0.05), False), ((-0.3, 0.1), None)])
def test_gains_are_compared_between_noise_levels(
    tmp_path: Path, noisy: tuple[float, float], holds: bool | None
) -> None:
    rows = [comparison("plain", "learned", 10, 0.1, 0.2), comparison("learned", "plain", 10, *noisy, level=3.0)]
    found = tables(
        tmp_path, comparisons=rows, summary=[summary("plain", 10, 1.0), summary("plain", 10, 1.0, level=3.0)]
    )
    assert gains_with_noise("learned", "plain")(found).holds is holds
    measured = gain(found, "learned", "plain", (10, 0.0))
    assert measured is not None
    assert (measured.value, measured.low, measured.high, measured.n) == pytest.approx((15, 10, 20, 5))
    assert str(measured) == "15.0 % (10.0 to 20.0, n = 5)"


@pytest.mark.parametrize(("last", "holds"), [(0.102, True), (0.13, False)])
def test_the_last_iterate_may_be_a_little_above_the_best(tmp_path: Path, last: float, holds: bool) -> None:
    rows = [summary("early", 10, 0.1), summary("late", 10, 0.2), summary("all", 10, last)]
    verdict = not_above("all", "early", "late", slack=0.1)(tables(tmp_path, summary=rows))
    assert verdict.holds is holds
    assert f"{last / 0.1 - 1:+.1%} of the least other one at 10 (n = 5)" in verdict.evidence


@pytest.mark.parametrize(
    "check",
    [
        not_above("a", "b", slack=0.1),
        ahead("a", "b"),
        ahead_in_most("a", "b", share=0.8),
        diverges_often("a", 0.1, share=0.25),
        saturates("a", 1, least=0.5),
        gains_with_noise("a", "b"),
    ],
)
def test_what_was_not_measured_is_not_decided(tmp_path: Path, check: Check) -> None:
    assert check(tables(tmp_path)).holds is None
