"""Published values beside ours: what is missing leaves its cell empty."""

from pathlib import Path

import pytest
from hand_made import comparison, summary, tables

from lit_inverse.reproductions import beside


@pytest.mark.parametrize("cell", ["", "nan"])
def test_an_error_without_a_number_is_an_empty_cell(tmp_path: Path, cell: str) -> None:
    rows = [summary("ours", 10, 0.1) | {"mse_mean": cell, "mse_low": cell, "mse_high": cell}, summary("tv", 10, 0.2)]
    (line,) = beside.errors()(tables(tmp_path, summary=rows)).rows
    assert line == ["10", "", "0.2 (0.1 to 0.4)"]


def test_an_error_of_one_image_has_no_interval(tmp_path: Path) -> None:
    row = summary("ours", 10, 0.1) | {"n": 1, "mse_low": "-inf", "mse_high": "inf"}
    assert beside.errors()(tables(tmp_path, summary=[row])).rows == [["10", "0.1"]]


def test_cases_that_diverged_are_told_of_all_cases(tmp_path: Path) -> None:
    row = summary("ours", 10, 0.1, diverged=12) | {"cases": 40}
    (line,) = beside.errors()(tables(tmp_path / "a", summary=[row])).rows
    assert line == ["10", "0.1 (0.05 to 0.2), 12 of 40 cases diverged"]
    earlier = {name: cell for name, cell in row.items() if name != "cases"}
    (line,) = beside.errors()(tables(tmp_path / "b", summary=[earlier])).rows
    assert line == ["10", "0.1 (0.05 to 0.2), 12 of ? cases diverged"]


def test_errors_of_vectors_are_in_db(tmp_path: Path) -> None:
    decibels = {"nmse_db": -20.04, "nmse_db_low": -21.0, "nmse_db_high": -19.0}
    row = summary("ours", 250, 0.1) | decibels
    assert beside.errors()(tables(tmp_path, summary=[row])).rows == [["250", "-20.0 (-21.0 to -19.0) dB"]]


def test_gains_over_nothing_were_not_measured(tmp_path: Path) -> None:
    rows = [comparison("learned", "plain", 500, -0.02, -0.01)]
    table = beside.gains("learned", "plain", {(500, 0.0): 9.9})
    assert table(tables(tmp_path / "a", comparisons=rows, summary=[summary("plain", 500, 0.1)])).rows == [
        ["500", "0", "9.9 %", "15.0 % (10.0 to 20.0, n = 5)"]
    ]
    assert table(tables(tmp_path / "b", comparisons=rows, summary=[summary("plain", 500, 0.0)])).rows == [
        ["500", "0", "9.9 %", "not measured"]
    ]


def test_times_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    rows = [summary("tv", 1000, 0.1), summary("tv", 2000, 0.1) | {"seconds_mean": ""}]
    table = beside.seconds({"tv": (13.8, 22.1), "lasso": (1, 2)}, (1000, 2000))(tables(tmp_path, summary=rows))
    assert table.rows == [
        ["tv", "13.8 at 1000, 22.1 at 2000", "3 at 1000"],
        ["lasso", "1 at 1000, 2 at 2000", "not measured"],
    ]


def test_means_are_over_what_was_measured(tmp_path: Path) -> None:
    rows = [{"filter": name, "rate": rate} for name, rate in (("a", 1), ("a", ""), ("a", "nan"), ("a", 2), ("b", ""))]
    table = beside.means("orders", ["filter"], ["rate"])(tables(tmp_path, orders=rows))
    assert (table.columns, table.rows) == (["filter", "rate"], [["a", "1.5"], ["b", ""]])


def test_a_pivot_has_a_cell_for_each_number(tmp_path: Path) -> None:
    rows = [{"filter": "a", "sigma": sigma, "response": response} for sigma, response in ((0.5, ""), (1.0, 0.25))]
    table = beside.pivot("responses", "filter", "sigma", "response", (0.5, 1.0, 2.0))
    assert table(tables(tmp_path, responses=rows)).rows == [["a", "", "0.25", ""]]


def test_exponents_need_three_points(tmp_path: Path) -> None:
    table = beside.exponents(
        [("m in k", "1", lambda found: ([1, 2, 4], [3, 6, 12])), ("two", "1", lambda _: ([1, 2], [3, 6]))]
    )
    assert table(tables(tmp_path)).rows == [["m in k", "1", "1.00 +- 0.00"], ["two", "1", "not measured"]]


def test_spectra_have_a_line_for_values_and_one_for_predictions(tmp_path: Path) -> None:
    rows = [
        {"network": "a", "iteration": 0, "place": place, "value": 1 / place, "predicted": "nan" if place == 2 else 1}
        for place in (2, 1)
    ]
    table = beside.spectra([("a", 0), ("b", 0)], (1, 2, 3), predicted=True)(tables(tmp_path, values=rows))
    assert [line[2:] for line in table.rows] == [["1", "0.5", ""], ["1", "", ""], ["", "", ""], ["", "", ""]]
