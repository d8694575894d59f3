"""Paired comparisons against scipy, by enumeration and by hand."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lit_inverse.evaluation.comparisons import (
    Comparison,
    compare,
    holm,
    rank_correlation,
    winners,
)
from lit_inverse.evaluation.findings import Table
from lit_inverse.evaluation.statistics import summarise
from lit_inverse.intervals import bootstrap_interval
from lit_inverse.reproductions.tables import Tables


def rows_of(solver: str, errors: np.ndarray, m: int = 50, repeat: int = 0) -> list[dict[str, object]]:
    return [
        {
            "solver": solver, "label": solver, "m": m, "noise_level": 0.0, "image": str(i), "repeat": repeat,
            "mse": float(error), "psnr": None, "ssim": None, "status": "max_iter", "seconds": 1.0,
        }
        for i, error in enumerate(errors)
    ]  # fmt: skip


A, B = np.random.default_rng(0).gamma(2.0, size=(2, 25))


@pytest.mark.parametrize("n", [10, 25])
def test_a_comparison_is_scipys_of_the_pairs(n: int) -> None:
    (found,) = compare(rows_of("a", A[:n]) + rows_of("b", B[:n]))
    assert found.difference == pytest.approx((A[:n] - B[:n]).mean(), rel=1e-12)
    assert found.p == pytest.approx(stats.wilcoxon(A[:n], B[:n]).pvalue, rel=1e-10)
    expected = stats.bootstrap((np.sort(A[:n] - B[:n]),), np.mean, rng=np.random.default_rng(0)).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-10)
    assert found.wins == np.mean(A[:n] < B[:n])
    assert (found.first, found.second, found.n) == ("a", "b", n)


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_interval_of_few_images_is_that_of_t(n: int) -> None:
    (found,) = compare(rows_of("a", A[:n]) + rows_of("b", B[:n]))
    expected = stats.ttest_rel(A[:n], B[:n]).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-10)


def test_the_signed_rank_p_is_that_of_all_sign_patterns() -> None:
    differences = (A - B)[:8]
    ranks = stats.rankdata(np.abs(differences))
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((-1, 1), repeat=8)])
    expected = np.mean(np.abs(sums) >= abs(np.dot(np.sign(differences), ranks)) - 1e-9)
    (found,) = compare(rows_of("a", A[:8]) + rows_of("b", B[:8]))
    assert found.p == pytest.approx(expected, rel=1e-10)


def test_rank_correlation_is_that_of_scipys_signed_ranks() -> None:
    differences = A - B
    plus = stats.wilcoxon(differences, alternative="greater").statistic  # sum of the ranks of positive ones
    assert rank_correlation(differences) == pytest.approx(4 * plus / (25 * 26) - 1, abs=1e-10)
    assert rank_correlation(np.zeros(3)) == 0
    assert (rank_correlation(np.arange(1.0, 4)), rank_correlation(-np.arange(4.0))) == (1, -1)


def test_images_only_one_solver_has_are_left_out() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", B[:10]))
    assert found.n == 10
    assert found.difference == pytest.approx((A - B)[:10].mean())


def test_repeats_are_averaged_per_image() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("a", A + 2, repeat=1) + rows_of("b", B) + rows_of("b", B, repeat=1))
    assert found.n == 25
    assert found.difference == pytest.approx((A + 1 - B).mean())


def test_only_repeats_both_solvers_have_are_compared() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("a", A + 100, repeat=1) + rows_of("b", B))
    assert found.difference == pytest.approx((A - B).mean())


def test_p_values_are_corrected_over_all_comparisons_of_the_sweep() -> None:
    found = compare([row for m in (50, 100) for s, e in (("a", A), ("b", B), ("c", A + B)) for row in rows_of(s, e, m)])
    assert len(found) == 6
    assert [c.p_holm for c in found] == holm([c.p for c in found])


@pytest.mark.parametrize(
    ("p", "expected"),
    [([], []), ([0.03], [0.03]), ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.9], [1.0, 1.0])],
)
def test_holm_by_hand(p: list[float], expected: list[float]) -> None:
    assert holm(p) == pytest.approx(expected)


def test_holm_is_the_closed_test_of_bonferroni() -> None:
    p = np.random.default_rng(3).uniform(0, 0.2, size=6)
    subsets = [s for size in range(1, 7) for s in itertools.combinations(range(6), size)]
    expected = [max(min(1.0, len(s) * min(p[list(s)])) for s in subsets if i in s) for i in range(6)]
    assert holm(list(p)) == pytest.approx(expected, rel=1e-10)


def test_nobody_is_better_when_mean_and_ranks_disagree() -> None:
    better_but_once = np.where(np.arange(25) == 0, 1000.0, B - 0.1)
    (found,) = compare(rows_of("a", better_but_once) + rows_of("b", B))
    assert found.p_holm < 0.05
    assert found.difference > 0 > found.rank_correlation
    assert found.better is None


def test_the_winner_of_each_setting_and_whom_it_beats() -> None:
    rows = [row for m, shift in ((50, 1.0), (100, -1.0)) for row in rows_of("a", A, m) + rows_of("b", A + shift, m)]
    rows += rows_of("c", A + np.random.default_rng(1).normal(0, 0.01, 25) + 1e-4, m=50)
    first, second = winners(summarise(rows), compare(rows))
    assert (first.setting, first.solver, first.beaten) == (50, "a", ("b",))
    assert first.undecided == ("c",)
    assert (second.setting, second.solver, second.beaten, second.undecided) == (100, "b", ("a",), ())


def test_equal_solvers_are_not_different() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", A))
    assert (found.difference, found.low, found.high, found.p, found.wins) == (0.0, 0.0, 0.0, 1.0, 0.5)


def test_a_mean_over_fewer_images_wins_nothing() -> None:
    rows = rows_of("a", A) + rows_of("b", np.sort(B)[:5] / 100)
    (winner,) = winners(summarise(rows), compare(rows))
    assert winner.solver == "a"


def test_the_first_of_a_pair_is_the_same_in_all_settings_and_these_ascend() -> None:
    """Whatever the order of the rows, which is that of completion in a file of results."""
    found = compare(rows_of("b", B, 100) + rows_of("a", A, 100) + rows_of("a", A, 50) + rows_of("b", B, 50))
    assert [(c.first, c.second, c.setting) for c in found] == [("b", "a", 50), ("b", "a", 100)]


def test_a_comparison_in_decibels_weighs_all_images_alike() -> None:
    """The first is better by 3 dB on all images but the hardest, which rules the difference of means."""
    hard = np.where(np.arange(9) == 0, 1000.0, B[:9])
    better = np.where(np.arange(9) == 0, 1.5, 0.5) * hard
    (found,) = compare(rows_of("a", better) + rows_of("b", hard))
    ratios = 10 * np.log10(better / hard)
    expected = stats.ttest_1samp(ratios, 0).confidence_interval(0.95)
    assert found.difference_db == pytest.approx(ratios.mean(), rel=1e-10)
    assert (found.db_low, found.db_high) == pytest.approx((expected.low, expected.high), rel=1e-10)
    assert found.db_high < 0 < found.difference


def test_the_interval_in_decibels_of_many_images_is_the_bootstraps() -> None:
    (found,) = compare(rows_of("a", A) + rows_of("b", B))
    ratios = 10 * np.log10(A / B)
    assert (found.db_low, found.db_high) == pytest.approx(bootstrap_interval(ratios), rel=1e-10)
    (turned,) = compare(rows_of("b", B) + rows_of("a", A))
    assert turned.difference_db == pytest.approx(-ratios.mean(), rel=1e-10)


def test_decibels_of_repeats_and_slices_are_averaged_per_item() -> None:
    rows = rows_of("a", A) + rows_of("a", 100 * A, repeat=1) + rows_of("b", B) + rows_of("b", B, repeat=1)
    (found,) = compare([row | {"volume": str(int(str(row["image"])) // 5)} for row in rows])
    ratios = (10 * np.log10(A / B) + 10).reshape(5, 5).mean(1)
    expected = stats.ttest_1samp(ratios, 0).confidence_interval(0.95)
    assert found.n == 5
    assert found.difference_db == pytest.approx(ratios.mean(), rel=1e-10)
    assert (found.db_low, found.db_high) == pytest.approx((expected.low, expected.high), rel=1e-10)


@pytest.mark.parametrize("error", [0.0, np.inf, np.nan])
@pytest.mark.parametrize("of_first", [True, False])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_errors_without_a_ratio_have_no_decibels(tmp_path: Path, error: float, of_first: bool) -> None:
    """The other images alone would be the easy ones."""
    changed = np.where(np.arange(5) == 3, error, A[:5])
    pair = (changed, B[:5]) if of_first else (B[:5], changed)
    (found,) = compare([row for solver, errors in zip("ab", pair, strict=True) for row in rows_of(solver, errors)])
    assert (found.difference_db, found.db_low, found.db_high) == (None, None, None)
    Table(Comparison, [found], {"differences"}).write(tmp_path / "comparisons.csv")
    (line,) = Tables(tmp_path)["comparisons"]
    assert [line[name] for name in ("difference_db", "db_low", "db_high")] == [None, None, None]
