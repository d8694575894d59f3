"""What the entries of CS-DIP ask of tables, where the words of the paper leave little room."""

from pathlib import Path

import pytest
from hand_made import comparison, summary, tables

from lit_inverse.reproductions.catalogue.csdip import REPRODUCTIONS
from lit_inverse.reproductions.reproduction import Claim


def claim(figure: str, words: str) -> Claim:
    (found,) = [one for entry in REPRODUCTIONS if entry.figure == figure for one in entry.claims if words in one.words]
    return found


@pytest.mark.parametrize(("diverged", "holds"), [(20, True), (0, False)])
def test_of_retinas_low_m_and_the_2000_of_49152_in_fig_10_are_asked_apart(
    tmp_path: Path, diverged: int, holds: bool
) -> None:
    at = {1000: 20 - diverged, 2000: diverged, 4000: 20 - diverged}
    rows = [summary("bm3d_amp", m, 1.0, cases) | {"n": 20, "cases": 20} for m, cases in at.items()]
    found = tables(tmp_path, {"unknowns": 128 * 128 * 3}, summary=rows)
    assert claim("Fig. 3a", "roughly 4 %").check(found).holds is holds
    assert claim("Fig. 3a", "nothing sensible").check(found).holds is not holds


def test_with_noise_one_baseline_may_be_close_or_ahead_when_another_is_far_behind(tmp_path: Path) -> None:
    levels = (0.0, 10.0)
    far = [comparison("csdip", "lasso_dct", 2000, -0.8, -0.6, level) for level in levels]
    close = [comparison("csdip", "bm3d_amp", 2000, 0.1, 0.2, level) for level in levels]
    near = [comparison("csdip", "tval3", 2000, -0.2, -0.1, level) for level in levels]
    (one,) = [entry for entry in REPRODUCTIONS if entry.figure == "Fig. 4b"]
    check = one.claims[0].check
    assert check(tables(tmp_path / "far", comparisons=[*far, *close, *near])).holds
    assert check(tables(tmp_path / "none", comparisons=[*close, *near])).holds is None
    refuted = [row | {"second": "lasso_dct"} for row in near]
    assert check(tables(tmp_path / "refuted", comparisons=[*refuted, *close, *near])).holds is False


def test_notes_of_small_settings_stand_under_every_entry() -> None:
    assert [one.figure for one in REPRODUCTIONS if not any(note.startswith("Small: ") for note in one.notes)] == []
