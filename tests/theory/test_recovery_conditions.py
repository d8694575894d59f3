from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lit_inverse.networks import ReLUGenerator
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import generator
from lit_inverse.theory.estimate import Estimate
from lit_inverse.theory.records import read_records, write_records
from lit_inverse.theory.recovery_conditions import conditions, experiment
from lit_inverse.theory.recovery_conditions.conditions import FAMILIES, VERSION, Conditions, Setting, measure
from lit_inverse.theory.recovery_conditions.figure import draw

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
    monkeypatch.setattr(
        experiment, "measure", lambda setting: Conditions(**vars(setting), wdc=1, r2wdc=1, rric=1, version=VERSION)
    )
    experiment.run(tmp_path, **SMALL, n_steps=6, n_ascent=2)
    assert len(read_records(Conditions, tmp_path / "conditions.csv")) == 12  # of another number of steps


def test_files_of_an_older_version_are_refused(tmp_path: Path) -> None:
    write_records(Conditions, [Conditions("expansive", 2, 24, 0)], tmp_path / "conditions.csv")
    with pytest.raises(ValueError, match="conditions.csv was measured with version 1, expected 2: give another out"):
        experiment.run(tmp_path, **SMALL, **SHORT)


@pytest.mark.parametrize("settings", [{"widths": (0.0, 6.0)}, {"m": 200}, {"depths": (0, 2)}])
def test_impossible_settings_are_refused_before_anything_is_made(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings)).removesuffix("s")):
        experiment.run(tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_more_measurements_than_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="m is 30, expected at most 20, the narrowest output"):
        experiment.run(tmp_path, widths=(4, 8))


def test_the_operator_is_independent_of_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumption A.1 of Cocola 2022."""
    given: list[tuple[Gaussian, ReLUGenerator]] = []

    def note(operator: Gaussian, network: ReLUGenerator, *_: object) -> Estimate:
        given.append((operator, network))
        return Estimate(1.0, "lower")

    monkeypatch.setattr(conditions, "range_restricted_isometry", note)
    measure(Setting("expansive", 2, 40, 3, 2, 6, 2, 5, 2))
    ((operator, network),) = given
    a, w = operator.matrix.flatten()[:160], network.layers[0].weight.flatten()
    assert abs(float(torch.corrcoef(torch.stack((a, w)))[0, 1])) < 0.3


def test_layers_are_measured_after_the_relu_of_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Tensor, nn.Module]] = []

    def note(weight: Tensor, ahead: nn.Module, *_: object) -> Estimate:
        given.append((weight, ahead))
        return Estimate(1.0, "lower")

    monkeypatch.setattr(conditions, "range_restricted_weight_distribution", note)
    measure(Setting("contractive", 3, 6, 1, 2, 6, 2, 5, 2))
    z = torch.randn(50, 2, generator=generator(0), dtype=torch.float32)
    x = z
    for weight, ahead in given:
        torch.testing.assert_close(ahead(z), x)
        x = torch.relu(2**0.5 * x @ weight.mT)  # weights of networks are sqrt(2) larger than in theory
    assert len(given) == 3


@pytest.mark.parametrize(("n_signals", "recovered"), [(12, 0), (32, 32)])
def test_all_or_no_signals_recovered_can_be_drawn(tmp_path: Path, n_signals: int, recovered: int) -> None:
    rows = [
        Conditions(family, 2, width, i, n_signals=n_signals, wdc=1.0, r2wdc=1.0, rric=1.0, n_recovered=recovered)
        for family in FAMILIES
        for width in (4, 8)
        for i in range(4)
    ]
    draw(rows, 2, 4, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000
