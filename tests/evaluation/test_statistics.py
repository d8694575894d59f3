"""Summaries against scipy and by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lit_inverse.evaluation.comparisons import Comparison, compare, winners
from lit_inverse.evaluation.findings import Table
from lit_inverse.evaluation.statistics import Summary, summarise
from lit_inverse.intervals import t_interval


def row(solver: str, m: int, image: str, mse: float, **others: object) -> dict[str, object]:
    return {
        "solver": solver, "label": solver.upper(), "m": m, "noise_level": 0.0, "image": image, "mse": mse,
        "psnr": None, "ssim": None, "status": "max_iter", "seconds": 2.0, **others,
    }  # fmt: skip


def test_slices_of_a_volume_are_one_item() -> None:
    """Of four volumes whose slices are alike the interval is that of four numbers."""
    means = np.array([1.0, 2.0, 4.0, 3.0])
    rows = []
    for solver, factor in (("a", 1.0), ("b", 1.5)):
        for number, mean in enumerate(means):
            for place in range(10 + number):
                mse = factor * (mean + 1e-3 * (place - (9 + number) / 2))
                slice_of = {"image": f"{number}.h5:{place}", "volume": f"{number}.h5"}
                rows += [row(solver, 50, **slice_of, mse=mse + d, repeat=i) for i, d in ((0, 0.1), (1, -0.1))]
    first = summarise(rows)[0]
    assert first.cases == 2 * (10 + 11 + 12 + 13)
    assert (first.n, first.mse_mean) == (4, pytest.approx(means.mean()))
    interval = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert (first.mse_low, first.mse_high) == pytest.approx((interval.low, interval.high))
    (comparison,) = compare(rows)
    assert comparison.n == 4
    assert comparison.p == pytest.approx(float(stats.wilcoxon(-0.5 * means).pvalue))


def test_a_solver_that_failed_on_a_slice_is_no_winner() -> None:
    def of(solver: str, place: int, mse: float) -> dict[str, object]:
        return row(solver, 50, f"v.h5:{place}", mse, volume="v.h5")

    rows = [of("a", 0, 1.0), of("a", 1, 9.0), of("b", 0, 2.0)]
    (winner,) = winners(summarise(rows), compare(rows))
    assert winner.solver == "a"


@pytest.mark.parametrize("n", [1, 2, 9, 50])
def test_a_summary_is_scipys(n: int) -> None:
    values = np.random.default_rng(n).gamma(2.0, size=n)
    (summary,) = summarise([row("a", 50, str(i), value) for i, value in enumerate(values)])
    expected = stats.describe(values, ddof=0).mean, *stats.quantile(values, [0.25, 0.5, 0.75])
    found = summary.mse_mean, summary.mse_q1, summary.mse_median, summary.mse_q3
    assert found == pytest.approx(expected, rel=1e-10)
    if n > 1:
        interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (summary.mse_low, summary.mse_high) == pytest.approx((interval.low, interval.high), rel=1e-10)


def test_repeats_of_an_image_are_averaged_first() -> None:
    rows = [row("a", 50, image, mse) for image, mse in [("0", 1.0), ("0", 3.0), ("1", 4.0), ("1", 6.0)]]
    (summary,) = summarise(rows)
    assert (summary.n, summary.mse_mean, summary.mse_median) == (2, 3.5, 3.5)
    assert (summary.mse_low, summary.mse_high) == t_interval([2.0, 5.0])


def test_one_summary_per_solver_and_setting_in_the_solvers_order() -> None:
    rows = [row(s, m, "0", 1.0) for m in (100, 50) for s in ("b", "a")]
    assert [(s.solver, s.m) for s in summarise(rows)] == [("b", 50), ("b", 100), ("a", 50), ("a", 100)]


def test_settings_are_values_of_the_varied_argument() -> None:
    rows = [row("a", 50, str(i), 1.0, setting=kappa) for kappa in (100, 1, 10.0) for i in range(2)]
    assert [(s.setting, s.m, s.n) for s in summarise(rows)] == [(1, 50, 2), (10.0, 50, 2), (100, 50, 2)]


def test_settings_that_are_no_numbers_keep_their_order() -> None:
    rows = [row("a", 50, "0", 1.0, setting=columns) for columns in ("unit", None, [3, 4])]
    assert [s.setting for s in summarise(rows)] == ["unit", "None", "[3, 4]"]


def test_m_is_the_mean_where_images_differ_in_it() -> None:
    (summary,) = summarise([row("a", m, str(m), 1.0, setting=4) for m in (90, 100, 110)])
    assert (summary.setting, summary.m, summary.n) == (4, 100, 3)


def test_diverged_cases_are_counted_and_missing_metrics_left_out(tmp_path: Path) -> None:
    rows = [row("a", 50, "0", 1.0, status="diverged"), row("a", 50, "1", 2.0, psnr=20.0, status="stopped_early")]
    (summary,) = summarise(rows)
    assert (summary.diverged, summary.stopped_early, summary.psnr_mean, summary.ssim_mean) == (1, 1, 20.0, None)
    Table(Summary, [summary]).write(tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open() as file:
        (read,) = csv.DictReader(file)
    assert (read["solver"], float(read["mse_mean"]), read["ssim_mean"]) == ("a", 1.5, "")


def test_a_table_without_lines_has_its_head(tmp_path: Path) -> None:
    Table(Comparison, [], {"differences"}).write(tmp_path / "comparisons.csv")
    assert (tmp_path / "comparisons.csv").read_text().startswith("first,second,m,setting,noise_level,")
