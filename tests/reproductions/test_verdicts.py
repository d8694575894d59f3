"""What follows from the claims of an experiment."""

from pathlib import Path

import pytest
from hand_made import summary, tables

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.page import write_page
from lit_inverse.reproductions.reproduction import Claim, Reproduction, Run, Verdict
from lit_inverse.reproductions.tables import Tables

RUN = Run("sweep")


def experiment(*holds: bool | None, not_comparable: str | None = None) -> Reproduction:
    claims = [
        Claim(f"Claim {i}.", lambda _, i=i, found=found: Verdict(found, f"{i} cases")) for i, found in enumerate(holds)
    ]
    return Reproduction("P", "Fig. 1", RUN, "Errors.", claims, beside.errors(), not_comparable=not_comparable)


@pytest.mark.parametrize(
    ("holds", "outcome"),
    [
        ((True, True), "reproduced"), ((True, None), "undecided"), ((None, False, True), "not reproduced"),
        ((), "no claim"),
    ],
)  # fmt: skip
def test_the_outcome_follows_from_all_claims(tmp_path: Path, holds: tuple[bool | None, ...], outcome: str) -> None:
    one, found = experiment(*holds), tables(tmp_path)
    assert one.outcome(found, one.verdicts(found)) == outcome
    assert one.outcome(Tables(tmp_path / "nowhere"), one.verdicts(found)) == "not run"
    beyond = experiment(*holds, not_comparable="another machine")
    assert beyond.outcome(found, beyond.verdicts(found)) == "not comparable"


def test_open_claims_are_named_beside_those_that_do_not_hold(tmp_path: Path) -> None:
    tables(tmp_path / "reproductions" / "sweep", summary=[summary("ours", 10, 0.1)])
    text = write_page([experiment(True, False, None)], tmp_path).read_text()
    assert "**Verdict: not reproduced: Claim 1; undecided: Claim 2**" in text


def test_a_claim_is_checked_once_for_a_page(tmp_path: Path) -> None:
    tables(tmp_path / "reproductions" / "sweep", summary=[summary("ours", 10, 0.1)])
    seen: list[Tables] = []

    def check(found: Tables) -> Verdict:
        seen.append(found)
        return Verdict(False, "none")

    write_page([Reproduction("P", "Fig. 1", RUN, "Errors.", [Claim("All.", check)], beside.errors())], tmp_path)
    assert len(seen) == 1


def test_rows_are_grouped_by_what_they_have_in_common(tmp_path: Path) -> None:
    rows = [{"net": net, "n": n, "y": y} for net, n, y in (("a", 1, 3), ("b", 1, 4), ("a", 2, 5), ("a", 1, 6))]
    found = tables(tmp_path, gaps=rows).groups("gaps", ["n"], net="a")
    assert {key: [row["y"] for row in of_key] for key, of_key in found.items()} == {(1,): [3, 6], (2,): [5]}
    assert Tables(tmp_path).groups("nothing", ["n"]) == {}
