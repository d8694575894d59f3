"""The claim about the learned operator of the analytic deep prior, on tables made by hand: both ways."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_made import tables

from lit_inverse.reproductions.claims.learned_operator import better_once_converged

CHECK = better_once_converged()


def case(signal: str, alpha: float, finals: Sequence[Any], moved: float = 0.001) -> list[dict[str, Any]]:
    """x(A) has the error 1 in the first draw, and a little more in each other one."""
    return [
        {"signal": signal, "alpha": alpha, "tikhonov": 1 + 0.1 * i, "final": final, "moved": moved}
        for i, final in enumerate(finals)
    ]


SMALLER = [*case("a", 0.1, (0.5, 0.6)), *case("b", 0.1, (0.7, 0.8))]


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ([], True),
        (case("a", 0.01, (1.5, 1.61)), False),
        (case("a", 0.01, (1.5, 1.61), moved=0.05), None),  # B still moves
        (case("a", 0.01, (0.5, 0.6), moved=0.05), None),
        (case("a", 0.01, (0.5, 1.5)), None),  # one draw is better, the mean too
        (case("a", 0.01, (1.5, 1.2)), None),  # both are worse, by how much is open
        (case("a", 0.01, (0.5,)), None),
        (case("a", 0.01, (0.5, "nan")), None),
    ],
)
def test_the_learned_operator_is_better_once_it_has_converged(
    more: list[dict[str, Any]], holds: bool | None, tmp_path: Path
) -> None:
    assert CHECK(tables(tmp_path, errors=[*SMALLER, *more])).holds is holds


def test_it_is_told_where_it_holds(tmp_path: Path) -> None:
    rows = [*SMALLER, *case("a", 0.01, (1.5, 1.61)), *case("b", 0.01, (0.5, 0.6), moved=0.05)]
    assert CHECK(tables(tmp_path, errors=rows)).evidence == (
        "converged in 3 of 4 cases, with a smaller error in 2 of these (a at 0.1, b at 0.1), with a larger one in "
        "a at 0.01"
    )


def test_what_was_not_measured_is_not_decided(tmp_path: Path) -> None:
    assert CHECK(tables(tmp_path)).holds is None
    before = [{key: cell for key, cell in row.items() if key != "moved"} for row in SMALLER]
    assert CHECK(tables(tmp_path / "before", errors=before)).holds is None
