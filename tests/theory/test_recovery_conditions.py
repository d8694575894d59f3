from pathlib import Path

import pytest

from lit_inverse.theory.records import read_records
from lit_inverse.theory.recovery_conditions import experiment
from lit_inverse.theory.recovery_conditions.conditions import Conditions, Setting, measure
from lit_inverse.theory.recovery_conditions.figure import wilson

SMALL = {"widths": (4, 8), "depth": 2, "depths": (1, 2), "width": 4, "networks": 1, "k": 2, "m": 6, "signals": 2}
SHORT = {"n_steps": 5, "n_ascent": 2}


def test_contractive_networks_have_the_widths_of_the_expansive_ones_in_reverse() -> None:
    assert Setting("expansive", 3, 24, 0).widths == (5, 120, 180, 270)
    assert Setting("contractive", 3, 24, 0).widths == (5, 270, 180, 120)


def test_wide_networks_have_smaller_constants_and_recover_more() -> None:
    narrow, wide = (measure(Setting("contractive", 2, width, 0, 3, m, 8, 200, 10)) for width, m in ((2, 4), (40, 40)))
    assert narrow.r2wdc > 1.5 * wide.r2wdc
    assert wide.r2wdc < 1 < wide.wdc
    assert wide.rric < narrow.rric
    assert wide.n_recovered > narrow.n_recovered


def test_what_was_measured_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment.run(tmp_path, **SMALL, **SHORT)
    rows = read_records(Conditions, tmp_path / "conditions.csv")
    assert len(rows) == 6  # depth 2 at width 4 belongs to both kinds of panels
    assert all(row.n_signals == 2 and row.wdc > 0 and row.rric > 0 for row in rows)
    assert (tmp_path / "recovery_conditions.png").stat().st_size > 1000
    monkeypatch.setattr(experiment, "measure", lambda _: pytest.fail("was measured again"))
    experiment.run(tmp_path, **SMALL, **SHORT)
    assert read_records(Conditions, tmp_path / "conditions.csv") == rows
    monkeypatch.setattr(experiment, "measure", lambda setting: Conditions(**vars(setting), wdc=1, r2wdc=1, rric=1))
    experiment.run(tmp_path, **SMALL, n_steps=6, n_ascent=2)
    assert len(read_records(Conditions, tmp_path / "conditions.csv")) == 12  # of another number of steps


def test_more_measurements_than_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="m is 30, expected at most 20, the narrowest output"):
        experiment.run(tmp_path, widths=(4, 8))


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe 1998, Table I: 81 of 263 and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
