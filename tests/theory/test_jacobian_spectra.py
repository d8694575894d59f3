"""The command on spectra of Jacobians, at small size."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lit_inverse.theory.jacobian_spectra import experiment
from lit_inverse.theory.jacobian_spectra.decoder import decoder, fitted, mixing_weights, noisy_step
from lit_inverse.theory.jacobian_spectra.experiment import run
from lit_inverse.theory.jacobian_spectra.measurement import LEADING, Angle, Value, two_layer, worst_error
from lit_inverse.theory.records import read_records, write_records


def test_two_layers_have_the_predicted_spectrum_and_the_trigonometric_vectors() -> None:
    values, angles = two_layer(80, 2000, 10, seed=0)
    assert [one.place for one in values] == list(range(1, 52))
    assert worst_error(values) < 0.05
    assert max(one.degrees for one in angles if one.dimension == 5) < 45
    largest = [one.degrees for one in angles if one.dimension == 51]
    assert len(largest) == 51
    assert sum(largest) / 51 < 10


def test_worst_error_is_that_of_the_leading_values() -> None:
    values = [
        Value("a", 90, 2, 0, 0, place, 1.0, predicted) for place, predicted in ((1, 1.0), (2, 1.25), (LEADING + 1, 9.0))
    ]
    assert worst_error(values) == pytest.approx(0.2)


def test_decoder_is_the_one_of_the_notebook() -> None:
    network, z = decoder(n=512)
    assert z.shape == (1, 64, 1, 32)
    assert 0 <= float(z.min()) < 0.01 < 0.99 < float(z.max()) <= 1
    weights = dict(network.named_parameters())
    mixing = mixing_weights(network)
    assert [weights[name].shape for name in mixing] == [(64, 64, 1, 1)] * 4
    assert float(weights[mixing[0]].std()) == pytest.approx(0.125, rel=0.05)
    *_, last = weights.values()
    assert last.flatten().tolist() == [0.125] * 32 + [-0.125] * 32
    assert not last.requires_grad
    assert network(z).shape == (1, 1, 1, 512)


def test_no_mixing_weight_changes_the_mean() -> None:
    """Why constants are left out of the functions that its singular vectors are held to."""
    network, z = decoder(n=64, width=8)
    means = []
    for scale in (1.0, 3.0):
        with torch.no_grad():
            for name in mixing_weights(network):
                network.get_parameter(name).mul_(scale).add_(0.01)
        means.append(float(network(z).detach().mean()))
    assert means == pytest.approx([0, 0], abs=1e-12)


def test_fit_stops_by_where_it_is_told() -> None:
    network, z = decoder(n=64, width=8)
    y = noisy_step(64)
    assert float(y[:32].mean() - y[32:].mean()) == pytest.approx(1, abs=0.2)
    first = float((network(z).detach().flatten() - y).square().mean())
    found = dict(fitted(network, z, y, (0, 5, 50)))
    assert list(found) == [0, 5, 50]
    assert found[0] == pytest.approx(first)
    assert found[50] < found[0] / 2
    # where it ends the weights are those of the last stop
    assert float((network(z).detach().flatten() - y).square().mean()) == pytest.approx(found[50], rel=1e-12)


@pytest.mark.parametrize("options", [{"n": 100}, {"width": 7}])
def test_impossible_decoders_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected a multiple of 2"):
        decoder(**options)


def test_command_writes_its_files_and_measures_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"n": 90, "width": 20, "decoder_n": 64, "decoder_width": 8}
    run(tmp_path, half_widths=[5], iterations=[0, 2], **options)
    values, angles = read_records(Value, tmp_path / "values.csv"), read_records(Angle, tmp_path / "angles.csv")
    assert sum(one.network == "two layers, half width 5" for one in values) == 51
    assert [(one.iteration, one.place) for one in values if one.network == "deep decoder"] == [
        (iteration, place) for iteration in (0, 2) for place in range(1, 65)
    ]
    assert all(math.isnan(one.predicted) == (one.network == "deep decoder") for one in values)
    assert {one.dimension for one in angles} == {1, 3, 5, 11, 21, 51}
    assert all(0 <= one.degrees <= 90 for one in angles)
    assert (tmp_path / "jacobian_spectra.png").stat().st_size > 1000
    monkeypatch.setattr(experiment, "two_layer", lambda *_: pytest.fail("was measured again"))
    run(tmp_path, half_widths=[5], iterations=[0, 1], **options)
    assert {one.iteration for one in read_records(Value, tmp_path / "values.csv")} == {0, 1, 2}
    monkeypatch.setattr(experiment, "deep_decoder", lambda *_: pytest.fail("was measured again"))
    for fewer in ([0, 1], [0], [2]):
        run(tmp_path, half_widths=[5], iterations=fewer, **options)
    assert {one.iteration for one in read_records(Value, tmp_path / "values.csv")} == {0, 1, 2}
    for name, came in (("width", 20), ("decoder_width", 8)):
        with pytest.raises(ValueError, match=f"values.csv was measured with width {came}, expected 22: give another"):
            run(tmp_path, half_widths=[5], iterations=[0, 1], **{**options, name: 22})
    old = [replace(one, version=1) for one in read_records(Value, tmp_path / "values.csv")]
    write_records(Value, old, tmp_path / "values.csv")
    with pytest.raises(ValueError, match="values.csv was measured with version 1, expected 2: give another out"):
        run(tmp_path, half_widths=[5], iterations=[0, 1], **options)


def test_a_run_killed_between_its_files_counts_no_angle_twice(tmp_path: Path) -> None:
    options = {"n": 90, "width": 20, "decoder_n": 64, "decoder_width": 8}
    run(tmp_path, half_widths=[5], iterations=[0], **options)
    values, angles = read_records(Value, tmp_path / "values.csv"), read_records(Angle, tmp_path / "angles.csv")
    (tmp_path / "values.csv").unlink()
    run(tmp_path, half_widths=[5], iterations=[0], **options)
    assert read_records(Angle, tmp_path / "angles.csv") == angles
    # angles of other iterations than the values
    write_records(Angle, [one for one in angles if one.network != "deep decoder"], tmp_path / "angles.csv")
    run(tmp_path, half_widths=[5], iterations=[0], **options)
    assert read_records(Angle, tmp_path / "angles.csv") == angles
    assert str(read_records(Value, tmp_path / "values.csv")) == str(values)  # NaN is not equal to itself


@pytest.mark.parametrize("sizes", [{"n": 50}, {"decoder_n": 48}, {"decoder_n": 72}])
def test_too_few_pixels_are_refused_before_any_work(sizes: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected n >= 51 and decoder_n a multiple of 16 above 51"):
        run(tmp_path / "new", **sizes)
    assert not (tmp_path / "new").exists()
