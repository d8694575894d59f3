"""Sweeps over checkpoints of learned measurements."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import datamodules  # noqa: F401  # lets --data take short names
from lit_inverse.checkpoints import describe
from lit_inverse.evaluation import laws
from lit_inverse.evaluation.cases import Case, plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.diagnostics import plan_diagnostics
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.networks import MLPDecoder
from lit_inverse.operators import Gaussian
from lit_inverse.provenance import sha256

SWEEP: dict[str, Any] = {
    "data": {"class_path": "datamodules.DigitsDataModule"},
    "limit": 1,
    "vary": "m",
    "noise_levels": [0.1],
    "operator_per": "sweep",
    "logger": False,
}


def saved(folder: Path, m: int) -> str:
    network = MLPDecoder(m, hidden=(5,), seed=m)
    network.initialize(Gaussian((1, 28, 28), m, seed=7))
    torch.save({"network": describe(network, network.settings), "state_dict": network.state_dict()}, folder / f"{m}.pt")
    return f"{m}.pt"


def cases(folder: Path, names: list[str], measurements: list[int], solver: str, *options: str) -> dict[int, Case]:
    return {case.measurement: case for case in plan(swept(folder, names, measurements, solver, *options)).cases}


def swept(folder: Path, names: list[str], measurements: list[int], solver: str, *options: str) -> Sweep:
    operator = {"class_path": "lit_inverse.operators.Learned", "init_args": {"checkpoint": names}}
    solvers = {
        "Tikhonov": {"class_path": "lit_inverse.solvers.Tikhonov"},
        "Unfolded": {"class_path": "lit_inverse.solvers.Unfolded", "init_args": {"checkpoint": names}},
    }
    path = folder / "sweep.yaml"
    path.write_text(
        yaml.safe_dump(
            {**SWEEP, "operator": operator, "measurements": measurements, "solvers": solvers, "only": [solver]}
        )
    )
    sweep = read_sweep(Request.read(["--config", str(path), *options], path))
    sweep.data.prepare_data()
    sweep.data.setup("predict")
    return sweep


@pytest.mark.parametrize("solver", ["Tikhonov", "Unfolded"])
def test_a_result_depends_on_the_checkpoint_of_its_m_alone(solver: str, tmp_path: Path) -> None:
    two, four, six = (saved(tmp_path, m) for m in (2, 4, 6))
    first = cases(tmp_path, [two, four], [2, 4], solver)
    assert first[2].key != first[4].key
    more = cases(tmp_path, [six, four, two], [2, 4, 6], solver)
    assert {m: more[m].key for m in (2, 4)} == {m: first[m].key for m in (2, 4)}
    network = MLPDecoder(2, hidden=(5,), seed=2)
    network.initialize(Gaussian((1, 28, 28), 2, seed=8))
    content = {"network": describe(network, network.settings), "state_dict": network.state_dict()}
    torch.save(content, tmp_path / two)
    again = cases(tmp_path, [two, four], [2, 4], solver)
    assert again[2].key != first[2].key
    assert again[4].key == first[4].key


def test_the_file_of_an_operator_is_read_once_for_all_its_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    monkeypatch.setattr(laws, "sha256", lambda path: (read.append(path.name), sha256(path))[1])
    names = [saved(tmp_path, m) for m in (2, 4)]
    assert len(cases(tmp_path, names, [2, 4], "Tikhonov", "--limit", "3")) == 2
    assert read == names


def test_the_file_of_an_operator_is_read_once_for_all_its_diagnostics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [saved(tmp_path, m) for m in (2, 4)]
    coherence = tmp_path / "coherence.yaml"
    coherence.write_text("diagnostics: {coherence: {class_path: lit_inverse.theory.diagnostics.Coherence}}")
    sweep = swept(tmp_path, names, [2, 4], "Tikhonov", "--limit", "3", "--config", str(coherence))
    planned = plan(sweep).cases
    read = []
    monkeypatch.setattr(laws, "sha256", lambda path: (read.append(path.name), sha256(path))[1])
    assert len(plan_diagnostics(sweep, planned)) == 2
    assert read == names
