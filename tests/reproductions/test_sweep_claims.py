"""Claims about solvers, on tables made by hand: each both ways."""

import math
from pathlib import Path

import numpy as np
import pytest
from hand_made import comparison, summary, tables

from lit_inverse.intervals import t_interval
from lit_inverse.reproductions.claims.sweeps import (
    Difference,
    ahead,
    ahead_in_most,
    diverges_often,
)
from lit_inverse.reproductions.reproduction import Check

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
    assert evidence == "ahead in 1 of 4 cases, behind in 1, tv at 20: +2 dB (+1 to +3, n = 5)"


@pytest.mark.parametrize("check", [ahead("ours", "lasso"), ahead_in_most("ours", "lasso", share=0.8)])
@pytest.mark.parametrize("turned", [False, True])
def test_decibels_and_squared_errors_that_disagree_decide_nothing(tmp_path: Path, check: Check, turned: bool) -> None:
    """One hard image, on which ours is worse, rules the mean of squared errors, which the papers plot."""
    row = comparison("ours", "lasso", 10, *OPEN) | {"difference_db": -2.0, "db_low": -3.0, "db_high": -1.0}
    told = check(tables(tmp_path, comparisons=[row | ({"first": "lasso", "second": "ours"} if turned else {})]))
    assert told.holds is None
    interval, sign = ("+2 dB (+1 to +3", "-") if turned else ("-2 dB (-3 to -1", "+")
    assert told.evidence.endswith(f"undecided lasso at 10: {interval}, n = 5), but {sign}0.05 in mean squared error")


@pytest.mark.parametrize("check", [ahead("ours", "lasso"), ahead_in_most("ours", "lasso", share=0.8)])
def test_the_interval_is_that_in_decibels(tmp_path: Path, check: Check) -> None:
    row = comparison("ours", "lasso", 10, -0.3, 0.1)
    told = row | {"difference_db": -2.0, "db_low": -3.0, "db_high": -1.0}
    assert check(tables(tmp_path / "open", comparisons=[row])).holds is None
    assert check(tables(tmp_path / "told", comparisons=[told])).holds
    worse = comparison("lasso", "ours", 10, -0.3, 0.1) | {"difference_db": -2.0, "db_low": -3.0, "db_high": -1.0}
    assert check(tables(tmp_path / "worse", comparisons=[worse])).holds is False


JUST_WORSE, JUST_BETTER = (0.001, 0.399), (-0.399, -0.001)


def test_one_case_of_many_refutes_only_beyond_its_corrected_interval(tmp_path: Path) -> None:
    one, better = [comparison("ours", "lasso", 0, *JUST_WORSE)], [comparison("ours", "lasso", 1, *BETTER)]
    assert ahead("ours", "lasso")(tables(tmp_path / "alone", comparisons=one)).holds is False
    verdict = ahead("ours", "lasso")(tables(tmp_path / "two", comparisons=[*one, *better]))
    assert verdict.holds is None
    assert verdict.evidence.endswith("(+0.01 to +3.99, n = 5), corrected for the number of comparisons")


def test_ahead_everywhere_needs_no_correction(tmp_path: Path) -> None:
    rows = [comparison("ours", "lasso", i, *JUST_BETTER) for i in range(9)]
    assert ahead("ours", "lasso")(tables(tmp_path, comparisons=rows)).holds
    assert ahead_in_most("ours", "lasso", share=0.8)(tables(tmp_path / "b", comparisons=rows)).holds is None


@pytest.mark.parametrize(("solver", "other"), [("ours", "lasso"), ("lasso", "ours")])
def test_solvers_that_are_alike_are_seldom_refuted(tmp_path: Path, solver: str, other: str) -> None:
    """Of 200 draws of ten comparisons of equal solvers, n = 5."""
    draw, refuted = np.random.default_rng(0), 0
    for trial in range(200):
        rows = []
        for m in range(10):
            low, high = t_interval(list(draw.normal(size=5)))
            rows.append(comparison("ours", "lasso", m, low, high))
        refuted += ahead(solver, other)(tables(tmp_path / str(trial), comparisons=rows)).holds is False
    assert refuted <= 10


@pytest.mark.parametrize("n", [2, 5, 60])
def test_corrected_intervals_are_those_of_a_smaller_level(n: int) -> None:
    """The upper end of the corrected interval is where a solver stops being ahead."""
    values = list(np.random.default_rng(n).normal(size=n))
    low, high = t_interval(values)
    _, corrected = t_interval(values, 1 - 0.05 / 7)
    sides = []
    for shift in (-0.01, 0.01):
        by = shift - corrected
        sides.append(Difference("tv", (1, 0.0), n, float(np.mean(values)) + by, low + by, high + by, -1.0).side(7))
    assert sides == [-1, 0]


def test_a_single_image_decides_nothing(tmp_path: Path) -> None:
    row = comparison("ours", "lasso", 10, -math.inf, math.inf) | {"n": 1, "difference": -1.0, "difference_db": -1.0}
    assert ahead("ours", "lasso")(tables(tmp_path, comparisons=[row])).holds is None


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
    assert verdict.evidence == "ahead in 2 of 3 cases, not compared with lasso at 30"


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
def test_a_summary_without_a_number_decides_nothing(tmp_path: Path, cell: str) -> None:
    rows = [summary("ours", m, 1.0) for m in (10, 20)]
    check = diverges_often("ours", 0.1, share=0.0)
    assert check(tables(tmp_path / "whole", summary=rows)).holds
    assert check(tables(tmp_path / "holed", summary=[row | {"diverged": cell} for row in rows])).holds is None


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


@pytest.mark.parametrize(("diverged", "holds"), [(5, True), (4, True), (3, None), (1, None), (0, None)])
def test_diverging_is_told_by_the_interval_of_the_share(tmp_path: Path, diverged: int, holds: bool | None) -> None:
    rows = [summary("amp", 10, 1.0, diverged), summary("amp", 500, 1.0, 5), summary("tv", 10, 1.0)]
    verdict = diverges_often("amp", below=0.03, share=0.25)(tables(tmp_path, summary=rows))
    assert verdict.holds is holds
    assert f"{diverged} of 5" in verdict.evidence


@pytest.mark.parametrize(
    ("diverged", "holds", "interval"),
    [(4, False, "4% to 23%"), (5, None, "5% to 26%"), (15, None, "24% to 53%"), (16, True, "26% to 55%")],
)
def test_cases_that_diverge_are_held_to_all_cases(
    tmp_path: Path, diverged: int, holds: bool | None, interval: str
) -> None:
    """Of 5 volumes of 8 slices each, a quarter is 10 slices."""
    row = summary("amp", 10, 1.0, diverged) | {"cases": 40}
    verdict = diverges_often("amp", 0.03, share=0.25)(tables(tmp_path, summary=[row]))
    assert verdict.holds is holds
    assert verdict.evidence == f"{diverged} of 40 cases at m / n <= 0.03 diverged ({interval})"


def test_a_table_without_counts_of_cases_leaves_divergence_open(tmp_path: Path) -> None:
    row = {name: cell for name, cell in summary("amp", 10, 1.0, 2).items() if name != "cases"}
    verdict = diverges_often("amp", 0.03, share=0.25)(tables(tmp_path, summary=[row]))
    assert verdict.holds is None
    assert "without cases" in verdict.evidence


@pytest.mark.parametrize(
    "check",
    [
        ahead("a", "b"),
        ahead_in_most("a", "b", share=0.8),
        diverges_often("a", 0.1, share=0.25),
    ],
)
def test_what_was_not_measured_is_not_decided(tmp_path: Path, check: Check) -> None:
    assert check(tables(tmp_path)).holds is None
