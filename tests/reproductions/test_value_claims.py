"""Claims about numbers, power laws, filters and spectra, on tables made by hand: each both ways."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made import tables

from lit_inverse.reproductions.claims import filters, networks, spectra, values
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.reproduction import Check
from lit_inverse.reproductions.tables import Tables
from lit_inverse.theory.jacobian_spectra.measurement import two_layer_name


@pytest.mark.parametrize(("expected", "holds"), [(2.0, True), (2.5, False)])
def test_value_is_held_to_a_tolerance(tmp_path: Path, expected: float, holds: bool) -> None:
    found = tables(tmp_path, orders=[{"filter": "a", "gamma": 2.02}, {"filter": "b", "gamma": 7}])
    assert values.value("orders", "gamma", expected, 0.02, filter="a")(found).holds is holds


@pytest.mark.parametrize(("exponent", "noise", "holds"), [(0.5, 0.0, True), (1.0, 0.0, False), (0.7, 0.6, None)])
def test_slope_of_a_power_law(tmp_path: Path, exponent: float, noise: float, holds: bool | None) -> None:
    rows = [{"x": x, "y": 3 * x**exponent * math.exp(noise * (-1) ** x)} for x in range(1, 7)]
    found = tables(tmp_path, law=rows)
    assert values.slope(values.means("law", "x", lambda row: float(row["y"])), 0.4, 0.6)(found).holds is holds


LAW = values.means("law", "x", lambda row: number(row["y"]))


def of_law(folder: Path, y: Sequence[Any]) -> Tables:
    return tables(folder, law=[{"x": x, "y": value} for x, value in enumerate(y, 1)])


@pytest.mark.parametrize(
    "y", [[1, 2], [1, 2, ""], [1, 2, "nan"], [1, 2, 0], [1, 2, "inf"]], ids=["two", "empty", "nan", "zero", "infinite"]
)
def test_fewer_than_three_numbers_above_0_decide_nothing_about_a_power_law(tmp_path: Path, y: list[Any]) -> None:
    found = of_law(tmp_path, y)
    assert values.power_law(*LAW(found)) is None
    assert values.slope(LAW, 0.5, 1.5)(found).holds is None
    assert values.slope(LAW, 5.0, 6.0)(found).holds is None


def test_a_power_law_at_one_x_is_none(tmp_path: Path) -> None:
    assert values.power_law([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]) is None


def test_a_trend_that_may_be_chance_decides_nothing(tmp_path: Path) -> None:
    verdict = values.slope(LAW, 0.1, math.inf)(of_law(tmp_path, [1, 9, 2]))
    assert verdict.holds is None
    assert "of 3 points, expected at least 0.1" in verdict.evidence


@pytest.mark.parametrize(
    ("lowest", "highest", "holds"),
    [(0.6, 1.4, True), (0.8, 1.4, None), (0.6, 1.2, None), (-1.0, 0.9, None), (1.5, 2.0, False), (0.0, 0.5, False)],
)
def test_the_whole_interval_of_an_exponent_lies_in_the_range(
    tmp_path: Path, lowest: float, highest: float, holds: bool | None
) -> None:
    """The exponent is 1.00 +- .25."""
    verdict = values.slope(LAW, lowest, highest)(of_law(tmp_path, [1, 2.4, 2.7, 4.6, 4.6, 6.6]))
    assert verdict.holds is holds
    assert "exponent 1.00 +- 0.25 of 6 points" in verdict.evidence


def test_an_exponent_may_be_0(tmp_path: Path) -> None:
    assert values.slope(LAW, -0.5, 0.5)(of_law(tmp_path, [1, 1.01, 0.99, 1])).holds


def test_a_range_of_exponents_may_be_open(tmp_path: Path) -> None:
    steep = of_law(tmp_path, [1, 2**-3.0, 3**-3.0, 4**-3.0])
    verdict = values.slope(LAW, -math.inf, -0.45)(steep)
    assert verdict.holds
    assert "expected at most -0.45" in verdict.evidence
    assert values.slope(LAW, -2.0, -0.45)(steep).holds is False


@pytest.mark.parametrize(("prediction", "holds"), [(1.0005, True), (1.1, False)])
def test_columns_are_equal_up_to_a_tolerance(tmp_path: Path, prediction: float, holds: bool) -> None:
    found = tables(tmp_path, limits=[{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": prediction}])
    assert values.equal("limits", "a", "b", 1e-3)(found).holds is holds


@pytest.mark.parametrize(("damped", "holds"), [(0.8, True), (1.3, False)])
def test_nearer_to_1(tmp_path: Path, damped: float, holds: bool) -> None:
    rows = [{"method": "ours", "c": damped}, {"method": "Tikhonov", "c": 0.75}]
    check = values.nearer_to_1("coefficients", "method", "c", "ours", "Tikhonov")
    assert check(tables(tmp_path, coefficients=rows)).holds is holds


@pytest.mark.parametrize(("n", "half_width", "holds"), [(300, 2, True), (300, 10, False), (300, 30, False)])
def test_weights_of_eq_11_are_held_to_a_law_of_decay_over_all_places(
    tmp_path: Path, n: int, half_width: int, holds: bool
) -> None:
    """The table has 51 values; the weights are computed for all n."""
    name = two_layer_name(half_width)
    rows = [{"network": name, "n": n, "iteration": 0, "place": i, "value": 1.0} for i in range(1, 52)]
    verdict = spectra.weights_geometric([half_width])(tables(tmp_path, values=rows))
    assert verdict.holds is holds
    assert f"logarithms of values 3 to {n} are" in verdict.evidence
    if (n, half_width) == (300, 10):
        assert "0.408 off geometric and 0.171 off a power law" in verdict.evidence


def test_the_weights_of_both_kernels_must_decay_geometrically(tmp_path: Path) -> None:
    rows = [
        {"network": two_layer_name(width), "n": n, "iteration": 0, "place": 1, "value": 1.0}
        for width, n in ((2, 300), (30, 300))
    ]
    check = spectra.weights_geometric((2, 30))
    assert check(tables(tmp_path / "a", values=rows)).holds is False
    assert check(tables(tmp_path / "b", values=rows[:1])).holds is None


OFTEN = values.as_often("c", "yes", "of", "family", "a", "b", by="depth")


def shares(depth: int, a: Any, b: Any = 80, of: int = 100) -> list[dict[str, Any]]:
    return [{"family": family, "depth": depth, "yes": yes, "of": of} for family, yes in (("a", a), ("b", b))]


@pytest.mark.parametrize(
    ("successes", "holds"),
    [(80, True), (100, True), (74, True), (65, None), (55, None), (40, False), ("", None), ("nan", None)],
)
def test_as_often_is_told_by_a_margin(tmp_path: Path, successes: Any, holds: bool | None) -> None:
    verdict = OFTEN(tables(tmp_path, c=[*shares(2, 80), *shares(3, successes)]))
    assert verdict.holds is holds
    assert "margin 0.2, depth 2: 80 of 100 and 80 of 100 (+0.00, -0.1" in verdict.evidence


def test_few_trials_do_not_tell_that_shares_are_alike(tmp_path: Path) -> None:
    assert OFTEN(tables(tmp_path / "few", c=shares(2, 4, 4, of=5))).holds is None
    assert OFTEN(tables(tmp_path / "none", c=shares(2, 0, 0, of=0))).holds is None


def test_what_is_within_the_margin_is_seldom_refuted(tmp_path: Path) -> None:
    """Of 100 draws with shares of .62 and .8, whose difference is within the margin."""
    draw = np.random.default_rng(0)
    refuted = 0
    for trial in range(100):
        rows = shares(2, draw.binomial(100, 0.62), draw.binomial(100, 0.8))
        refuted += OFTEN(tables(tmp_path / str(trial), c=rows)).holds is False
    assert refuted <= 5


def test_a_small_difference_beyond_chance_is_within_the_margin(tmp_path: Path) -> None:
    found = tables(tmp_path, c=shares(2, 7000, 8000, of=10000))
    verdict = OFTEN(found)
    assert verdict.holds
    assert "(-0.10, -0.11 to -0.09)" in verdict.evidence
    assert values.as_often("c", "yes", "of", "family", "a", "b", by="depth", margin=0.05)(found).holds is False


def test_many_intervals_of_shares_are_corrected_for_their_number(tmp_path: Path) -> None:
    less, others = shares(0, 7, 18, of=20), [row for depth in range(1, 10) for row in shares(depth, 90)]
    assert OFTEN(tables(tmp_path / "one", c=less)).holds is False
    assert OFTEN(tables(tmp_path / "ten", c=[*less, *others])).holds is None


def response(name: str, sigma: float, value: float) -> dict[str, Any]:
    return {"filter": name, "alpha": 0.25, "sigma": sigma, "response": value}


@pytest.mark.parametrize(("soft", "holds"), [(0.5, True), (0.0, False)])
def test_soft_tsvd_lies_between(tmp_path: Path, soft: float, holds: bool) -> None:
    rows = [response("soft TSVD", 0.2, soft), response("soft TSVD", 1.5, 1), response("Tikhonov", 1.5, 0.9)]
    found = tables(tmp_path, responses=[*rows, response("TSVD", 0.2, 0), response("TSVD", 0.5, 1)])
    assert filters.between()(found).holds is holds
    assert filters.never_damps()(found).holds
    damped = tables(tmp_path / "b", responses=[*rows, response("TSVD", 0.2, 0), response("TSVD", 0.5, 0.9)])
    assert filters.never_damps()(damped).holds is False


def orders(folder: Path, rates: dict[float, Any], gamma: float = 0.5) -> Tables:
    """Of Tikhonov's filter, by smoothness."""
    rows = [{"filter": "Tikhonov", "nu": nu, "gamma": gamma, "rate": rate} for nu, rate in rates.items()]
    return tables(folder, orders=rows)


UP_TO_2, EVERY = filters.order_optimal("Tikhonov", most=2.0), filters.order_optimal("Tikhonov")


@pytest.mark.parametrize(("rate", "up_to_2", "every"), [(1.0, True, False), (1.5, False, True), ("nan", None, None)])
def test_order_of_tikhonov_ends_at_2(tmp_path: Path, rate: Any, up_to_2: bool | None, every: bool | None) -> None:
    found = orders(tmp_path, {0.5: 0.25, 1: 0.5, 2: 1.0, 3: rate})
    assert UP_TO_2(found).holds is up_to_2
    assert EVERY(found).holds is every


@pytest.mark.parametrize("nus", [(2,), (0.5, 1, 2), (0.5, 3)])
def test_too_few_smoothnesses_decide_no_order(tmp_path: Path, nus: tuple[float, ...]) -> None:
    found = orders(tmp_path, {nu: min(nu / 2, 1) for nu in nus})
    assert UP_TO_2(found).holds is None
    assert EVERY(found).holds is (False if 3 in nus else None)


def test_order_is_not_told_from_one_side(tmp_path: Path) -> None:
    assert UP_TO_2(orders(tmp_path, {2.5: 1, 3: 1, 4: 1})).holds is None


def test_a_worse_row_of_the_same_smoothness_counts(tmp_path: Path) -> None:
    rows = [{"filter": "Tikhonov", "nu": nu, "gamma": 0.5, "rate": rate}
            for nu, rate in ((0.5, 0.25), (1, 0.1), (1, 0.5), (3, 1.5))]  # fmt: skip
    assert EVERY(tables(tmp_path, orders=rows)).holds is False


def test_a_filter_that_does_not_regularise_has_no_order(tmp_path: Path) -> None:
    assert EVERY(orders(tmp_path, dict.fromkeys((0.5, 1, 3), 0.0), gamma=0.0)).holds is False


def spectrum(network: str, of: Any, iteration: int = 0) -> list[dict[str, Any]]:
    return [
        {"network": network, "iteration": iteration, "place": i, "value": of(i), "predicted": 100 * i**-1.0}
        for i in range(1, 61)
    ]


def test_spectra_are_told_apart(tmp_path: Path) -> None:
    geometric, power = spectrum("geometric", lambda i: 0.8**i), spectrum("power", lambda i: 100.0 / i)
    later = spectrum("geometric", lambda i: 0.3 * 0.8**i, iteration=100)
    found = tables(tmp_path, values=[*geometric, *power, *later])
    assert spectra.geometric("geometric")(found).holds
    assert spectra.geometric("power")(found).holds is False
    assert spectra.as_predicted(["power"], 0.01)(found).holds
    assert spectra.as_predicted(["power", "geometric"], 0.01)(found).holds is False
    assert spectra.changes_by_at_most("geometric", 4.0)(found).holds
    assert spectra.changes_by_at_most("geometric", 2.0)(found).holds is False
    assert spectra.changes_by_at_most("power", 2.0)(found).holds is None


def test_the_more_concentrated_spectrum_has_more_of_its_squares_in_front(tmp_path: Path) -> None:
    flat = spectrum("flat", lambda i: 1.0)
    found = tables(tmp_path, values=[*flat, *spectrum("geometric", lambda i: 0.8**i)])
    verdict = spectra.more_concentrated("geometric", "flat")(found)
    assert verdict.holds is True
    assert verdict.evidence == "the first 11 of 60 have 99% of the sum of squares, and 18% of flat"
    assert spectra.more_concentrated("flat", "geometric")(found).holds is False
    assert spectra.more_concentrated("flat", "flat")(found).holds is False


def test_decay_is_told_of_the_places_that_were_measured(tmp_path: Path) -> None:
    found = tables(tmp_path, values=spectrum("geometric", lambda i: 0.8**i)[:51])
    assert "logarithms of values 3 to 51" in spectra.geometric("geometric")(found).evidence


def test_a_prediction_is_held_to_all_leading_values(tmp_path: Path) -> None:
    found = tables(tmp_path, values=spectrum("power", lambda i: 100.0 / i)[:49])
    assert spectra.as_predicted(["power"], 0.01)(found).holds is None


def trial(experiment: str, k: int, m: int, error: float, level: float = 0.0) -> dict[str, Any]:
    noise = level if experiment != "Wigner" else math.nan
    return {"experiment": experiment, "k": k, "n": 200, "m": m, "level": level, "error": error, "noise": noise}


def test_trials_are_digested_to_thresholds_and_errors(tmp_path: Path) -> None:
    rows = [trial("sensing", k, r * k, 1e-9 if r >= 3 else 0.5) for k in (2, 5, 10) for r in (1, 2, 3, 5)]
    rows += [trial("sensing", k, 100, 0.2 * math.sqrt(k / 100), 0.1) for k in (2, 5, 10, 20)]
    rows += [trial("sensing", 50, m, error) for m, error in ((50, 0.5), (500, 1e-9))]  # too few m for a threshold
    rows += [trial("Wigner", 5, 200, 0.02, 0.1), trial("Wigner", 5, 200, 0.9, 0.1)]
    digested = networks.digest(tables(tmp_path, trials=rows))
    wigner = next(row for row in digested if row["experiment"] == "Wigner")
    assert (wigner["trials"], wigner["kept"], wigner["error"], wigner["relative"]) == (2, 1, 0.02, None)
    found = tables(tmp_path / "kept", settings=digested)
    k, m = networks.thresholds("sensing")(found)
    assert list(k) == [2, 5, 10]
    assert np.allclose(np.array(m) / np.array(k), 2.5)
    law = values.power_law(*networks.errors("sensing", "relative", over="m")(found))
    assert law is not None
    assert law[0] == pytest.approx(0.5)


@pytest.mark.parametrize("fails", [False, True])
def test_a_setting_where_all_trials_failed_is_not_left_out(tmp_path: Path, fails: bool) -> None:
    """The largest k is where a law that is too good would break."""
    rows = [trial("sensing", k, r * k, 1e-9 if r >= 3 else 0.5) for k in (2, 5, 10) for r in (1, 2, 3, 5)]
    rows += [trial("sensing", 20, m, 0.5 if fails or m < 60 else 1e-9) for m in (20, 40, 60, 100)]
    rows += [trial("sensing", k, 100, 0.2 * math.sqrt(k / 100), 0.1) for k in (2, 5, 10)]
    rows += [trial("sensing", 20, 100, 0.9 if fails else 0.2 * math.sqrt(20 / 100), 0.1)]
    found = tables(tmp_path / "kept", settings=networks.digest(tables(tmp_path, trials=rows)))
    for points in (networks.thresholds("sensing"), networks.errors("sensing", "relative", over="m")):
        assert values.slope(points, 0.4, 1.25)(found).holds is (None if fails else True)


@pytest.mark.parametrize(("lost", "holds"), [(2, True), (3, None)])
def test_errors_are_not_told_from_the_few_trials_that_did_not_fail(
    tmp_path: Path, lost: int, holds: bool | None
) -> None:
    """Four trials of each setting, of which some were lost at the largest k."""
    errors = {k: [0.2 * math.sqrt(k / 100)] * 4 for k in (2, 5, 10, 20)}
    errors[20][:lost] = [0.9] * lost
    rows = [trial("sensing", k, 100, error, 0.1) for k, of_k in errors.items() for error in of_k]
    found = tables(tmp_path / "kept", settings=networks.digest(tables(tmp_path, trials=rows)))
    assert values.slope(networks.errors("sensing", "relative", over="m"), 0.4, math.inf)(found).holds is holds


RESPONSES = [response(name, sigma, 1.0) for name in ("soft TSVD", "TSVD") for sigma in (1.5, 2.0)]


def test_filters_are_not_judged_without_values_on_both_sides_of_their_thresholds(tmp_path: Path) -> None:
    above = tables(tmp_path / "above", responses=[*RESPONSES, response("Tikhonov", 1.5, 0.9)])
    assert filters.between()(above).holds is None
    below = [response(name, 0.1, 0.0) for name in ("soft TSVD", "TSVD", "Tikhonov")]
    assert filters.never_damps()(tables(tmp_path / "below", responses=below)).holds is None


SPECTRUM = [*spectrum("a", lambda i: 0.8**i), *spectrum("b", lambda i: 1.0), *spectrum("a", lambda i: 0.7**i, 9)]
SPECTRUM = [row | {"predicted": row["value"]} for row in SPECTRUM]
CELLS: list[tuple[Check, str, list[dict[str, Any]], str]] = [
    (values.value("t", "a", 1.0, 0.5), "t", [{"a": 1.0}], "a"),
    (values.equal("t", "a", "b", 0.1), "t", [{"a": 1.0, "b": 1.0}], "a"),
    (values.nearer_to_1("t", "n", "a", "x", "y"), "t", [{"n": "y", "a": 3.0}, {"n": "x", "a": 2.0}], "a"),
    (filters.never_damps(), "responses", [*RESPONSES, response("Tikhonov", 1.5, 0.9)], "response"),
    (filters.between(), "responses", [response("TSVD", 0.1, 0), response("soft TSVD", 0.5, 0.5)], "response"),
    (spectra.as_predicted(["a"], 0.1), "values", SPECTRUM, "value"),
    (spectra.more_concentrated("a", "b"), "values", SPECTRUM, "value"),
    (spectra.geometric("a"), "values", SPECTRUM, "value"),
    (spectra.changes_by_at_most("a", 1e9), "values", SPECTRUM, "value"),
]


@pytest.mark.parametrize("cell", ["", "nan"])
@pytest.mark.parametrize(("check", "name", "rows", "column"), CELLS)
def test_a_cell_without_a_number_decides_nothing(
    tmp_path: Path, check: Check, name: str, rows: list[dict[str, Any]], column: str, cell: str
) -> None:
    assert check(tables(tmp_path / "whole", **{name: rows})).holds is True
    holed = [row | {column: cell} if place == 0 else row for place, row in enumerate(rows)]
    assert check(tables(tmp_path / "holed", **{name: holed})).holds is None


@pytest.mark.parametrize(
    ("check", "name", "rows"),
    [
        (values.equal("t", "a", "b", 0.1), "t", [{"a": 0.0, "b": 0.0}]),
        *((check, "values", [row | {"value": 0.0, "predicted": 0.0} for row in SPECTRUM]) for check in (
            spectra.as_predicted(["a"], 0.1), spectra.more_concentrated("a", "b"), spectra.geometric("a"),
            spectra.changes_by_at_most("a", 2.0),
        )),
    ],
)  # fmt: skip
def test_zeros_decide_nothing(tmp_path: Path, check: Check, name: str, rows: list[dict[str, Any]]) -> None:
    assert check(tables(tmp_path, **{name: rows})).holds is None


@pytest.mark.parametrize(
    "check",
    [
        values.value("t", "a", 1, 1), values.equal("t", "a", "b", 1),
        values.slope(values.means("t", "x", lambda row: 1.0), 0, 1), values.nearer_to_1("t", "n", "c", "a", "b"),
        OFTEN,
        filters.never_damps(), filters.between(), filters.order_optimal("a"), spectra.geometric("a"),
        spectra.weights_geometric((10, 30)),
        spectra.as_predicted(["a"], 1), spectra.changes_by_at_most("a", 1), spectra.more_concentrated("a", "b"),
        values.slope(networks.thresholds("a"), 0, 1), values.slope(networks.errors("a", "error", over="n"), 0, 1),
    ],
)  # fmt: skip
def test_what_was_not_measured_is_not_decided(tmp_path: Path, check: Check) -> None:
    assert check(tables(tmp_path)).holds is None
