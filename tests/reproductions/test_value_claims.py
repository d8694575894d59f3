"""Claims about numbers, power laws, filters and spectra, on tables made by hand: each both ways."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made import tables

from lit_inverse.reproductions.claims import filters, networks, spectra, values
from lit_inverse.reproductions.experiment import Check


@pytest.mark.parametrize(("expected", "holds"), [(2.0, True), (2.5, False)])
def test_value_is_held_to_a_tolerance(tmp_path: Path, expected: float, holds: bool) -> None:
    found = tables(tmp_path, orders=[{"filter": "a", "gamma": 2.02}, {"filter": "b", "gamma": 7}])
    assert values.value("orders", "gamma", expected, 0.02, filter="a")(found).holds is holds


def test_smaller_names_the_groups_where_it_fails(tmp_path: Path) -> None:
    rows = [{"alpha": alpha, "final": final, "tikhonov": 0.5} for alpha, final in ((0.1, 0.4), (0.1, 0.5), (0.01, 0.6))]
    verdict = values.smaller("errors", "final", "tikhonov", by=["alpha"])(tables(tmp_path, errors=rows))
    assert verdict.holds is False
    assert verdict.evidence == "in 1 of 2; not with 0.01: 0.6 against 0.5"
    assert values.smaller("errors", "final", "tikhonov", by=["alpha"])(tables(tmp_path / "b", errors=rows[:2])).holds


@pytest.mark.parametrize(("exponent", "noise", "holds"), [(0.5, 0.0, True), (1.0, 0.0, False), (0.7, 0.6, None)])
def test_slope_of_a_power_law(tmp_path: Path, exponent: float, noise: float, holds: bool | None) -> None:
    rows = [{"x": x, "y": 3 * x**exponent * math.exp(noise * (-1) ** x)} for x in range(1, 7)]
    found = tables(tmp_path, law=rows)
    assert values.slope(values.means("law", "x", lambda row: float(row["y"])), 0.4, 0.6)(found).holds is holds


def test_a_line_through_two_points_refutes_nothing() -> None:
    assert values.power_law([1, 10], [1, 100]) == (pytest.approx(2.0), math.inf)


@pytest.mark.parametrize(("prediction", "holds"), [(1.0005, True), (1.1, False)])
def test_columns_are_equal_up_to_a_tolerance(tmp_path: Path, prediction: float, holds: bool) -> None:
    found = tables(tmp_path, limits=[{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": prediction}])
    assert values.equal("limits", "a", "b", 1e-3)(found).holds is holds


@pytest.mark.parametrize(("damped", "holds"), [(0.8, True), (1.3, False)])
def test_nearer_to_1(tmp_path: Path, damped: float, holds: bool) -> None:
    rows = [{"method": "ours", "c": damped}, {"method": "Tikhonov", "c": 0.75}]
    check = values.nearer_to_1("coefficients", "method", "c", "ours", "Tikhonov")
    assert check(tables(tmp_path, coefficients=rows)).holds is holds


@pytest.mark.parametrize(("last", "holds"), [(0.1, True), (0.3, False)])
def test_one_group_is_smaller_than_another(tmp_path: Path, last: float, holds: bool) -> None:
    rows = [{"net": "phi", "n": 1, "y": 0.1}, {"net": "phi", "n": 2, "y": last}]
    rows += [{"net": "relu", "n": n, "y": 0.2} for n in (1, 2)]
    check = values.smaller_group("gaps", lambda row: float(row["y"]), "net", "phi", "relu", by="n")
    assert check(tables(tmp_path, gaps=rows)).holds is holds


@pytest.mark.parametrize(("successes", "holds"), [(18, True), (5, False)])
def test_as_often_is_a_test_of_shares(tmp_path: Path, successes: int, holds: bool) -> None:
    rows = [{"family": "a", "yes": successes, "of": 25}, {"family": "b", "yes": 20, "of": 25}]
    assert values.as_often("c", "yes", "of", "family", "a", "b")(tables(tmp_path, c=rows)).holds is holds


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


@pytest.mark.parametrize(("rate", "holds"), [(1.0, True), (1.5, False)])
def test_order_of_tikhonov_ends_at_2(tmp_path: Path, rate: float, holds: bool) -> None:
    rows = [("Tikhonov", 1, 0.5), ("Tikhonov", 2, 1.0), ("Tikhonov", 3, rate)]
    found = tables(tmp_path, orders=[{"filter": f, "nu": nu, "gamma": 0.5, "rate": r} for f, nu, r in rows])
    assert filters.order_optimal("Tikhonov", most=2.0)(found).holds is holds
    assert filters.order_optimal("Tikhonov")(found).holds is not holds


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
    assert (
        spectra.more_concentrated("power", "geometric")(found).holds
        is not spectra.more_concentrated("geometric", "power")(found).holds
    )


def trial(experiment: str, k: int, m: int, error: float, level: float = 0.0) -> dict[str, Any]:
    noise = level if experiment != "Wigner" else math.nan
    return {"experiment": experiment, "k": k, "n": 200, "m": m, "level": level, "error": error, "noise": noise}


def test_trials_are_digested_to_thresholds_and_errors(tmp_path: Path) -> None:
    rows = [trial("sensing", k, r * k, 1e-9 if r >= 3 else 0.5) for k in (2, 5, 10) for r in (1, 2, 3, 5)]
    rows += [trial("sensing", k, 100, 0.2 * math.sqrt(k / 100), 0.1) for k in (2, 5, 10, 20)]
    rows += [trial("Wigner", 5, 200, 0.02, 0.1), trial("Wigner", 5, 200, 0.9, 0.1)]
    digested = networks.digest(tables(tmp_path, trials=rows))
    wigner = next(row for row in digested if row["experiment"] == "Wigner")
    assert (wigner["trials"], wigner["kept"], wigner["error"], wigner["relative"]) == (2, 1, 0.02, None)
    found = tables(tmp_path / "kept", settings=digested)
    k, m = networks.thresholds("sensing")(found)
    assert np.allclose(np.array(m) / np.array(k), 2.5)
    assert values.power_law(*networks.errors("sensing", "relative", over="m")(found))[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "check",
    [
        values.value("t", "a", 1, 1), values.smaller("t", "a", "b", by=["c"]), values.equal("t", "a", "b", 1),
        values.slope(values.means("t", "x", lambda row: 1.0), 0, 1), values.nearer_to_1("t", "n", "c", "a", "b"),
        values.smaller_group("t", lambda row: 1, "n", "a", "b", by="x"), values.as_often("t", "a", "b", "c", "d", "e"),
        filters.never_damps(), filters.between(), filters.order_optimal("a"), spectra.geometric("a"),
        spectra.as_predicted(["a"], 1), spectra.changes_by_at_most("a", 1), spectra.more_concentrated("a", "b"),
        values.slope(networks.thresholds("a"), 0, 1), values.slope(networks.errors("a", "error", over="n"), 0, 1),
    ],
)  # fmt: skip
def test_what_was_not_measured_is_not_decided(tmp_path: Path, check: Check) -> None:
    assert check(tables(tmp_path)).holds is None
