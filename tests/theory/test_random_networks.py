import math
from pathlib import Path

import pytest

from lit_inverse.theory.random_networks import experiment
from lit_inverse.theory.random_networks.experiment import run
from lit_inverse.theory.random_networks.figure import crossing, rate, slope
from lit_inverse.theory.random_networks.trials import FAILURE, SUCCESS, Setting, Trial, trials
from lit_inverse.theory.records import read_records


def test_half_of_success_is_crossed_once_and_for_all() -> None:
    assert crossing([10, 20, 30], [0.0, 0.4, 0.9]) == pytest.approx(22)
    assert crossing([10, 20, 30], [0.6, 0.2, 0.8]) == pytest.approx(25)  # the last time
    assert crossing([10, 20], [0.7, 0.9]) == 10
    assert math.isnan(crossing([10, 20], [0.1, 0.2]))


def test_slope_of_a_power_law_is_its_exponent() -> None:
    assert slope([1, 2, 4], [3, 3 * 2**1.5, 3 * 4**1.5]) == pytest.approx(1.5)


def test_signals_are_recovered_from_many_measurements_and_not_from_few() -> None:
    many, few = (trials(Setting("compressed sensing", 5, 100, m, 0.0), 0, 8, (100, 150), 100) for m in (60, 4))
    assert rate(many) >= 0.75 > 0.25 >= rate(few)
    assert all(trial.noise < 1e-12 for trial in many)
    assert [trial.signal for trial in many] == list(range(8))


@pytest.mark.parametrize("name", ["compressed sensing", "denoising", "Wigner", "Wishart"])
def test_a_noisy_error_is_no_failure_and_no_success(name: str) -> None:
    level = 0.02 if name == "Wishart" else 0.1
    made = trials(Setting(name, 4, 100, 100, level), 0, 6, (100, 150), 150)
    assert sum(SUCCESS < trial.error < FAILURE for trial in made) >= 4
    assert all(math.isnan(trial.noise) == (name in ("Wigner", "Wishart")) for trial in made)


def test_what_was_measured_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [Setting("denoising", k, 50, 50, 0.3) for k in (2, 4)]
    monkeypatch.setattr(experiment, "settings", lambda: iter(few))
    run(tmp_path, networks=1, signals=2, hidden=(40,), n_steps=5)
    rows = read_records(Trial, tmp_path / "trials.csv")
    assert len(rows) == 4
    assert isinstance(rows[0], Trial)
    assert (tmp_path / "random_networks.png").stat().st_size > 1000
    monkeypatch.setattr(experiment, "trials", lambda *_: pytest.fail("was measured again"))
    run(tmp_path, networks=1, signals=2, hidden=(40,), n_steps=5)
    assert read_records(Trial, tmp_path / "trials.csv") == rows
    with pytest.raises(ValueError, match="trials.csv was measured with hidden 40, expected 40-30: give another out"):
        run(tmp_path, networks=1, signals=2, hidden=(40, 30), n_steps=5)
    with pytest.raises(ValueError, match="trials.csv was measured with n_steps 5, expected 6: give another out"):
        run(tmp_path, networks=1, signals=2, hidden=(40,), n_steps=6)


def test_more_signals_are_added_to_those_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "settings", lambda: iter([Setting("denoising", 2, 50, 50, 0.3)]))
    monkeypatch.setattr(experiment, "draw", lambda *_: None)
    for folder, counts in (("grown", (2, 5)), ("whole", (5,))):
        for signals in counts:
            run(tmp_path / folder, networks=1, signals=signals, hidden=(40,), n_steps=5)
    grown, whole = (read_records(Trial, tmp_path / folder / "trials.csv") for folder in ("grown", "whole"))
    assert [row.signal for row in grown] == [0, 1, 2, 3, 4]
    for a, b in zip(grown, whole, strict=True):
        assert a.error == pytest.approx(b.error, rel=1e-6)


def test_an_unknown_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"experiments are \['tea'\], expected some of"):
        run(tmp_path, experiments=["tea"])
