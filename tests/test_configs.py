"""Each shipped configuration holds its own values, over the constructors' defaults, and builds what it names."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluate import DEFAULT_CONFIG, main

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
SWEEPS = sorted((CONFIGS / "evaluate").glob("*.yaml"))


def resolved(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as exit_:
        main([*argv, "--print_config"])
    assert exit_.value.code == 0
    content: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)
    return content


def contains(whole: Any, part: Any) -> bool:
    """Whether each value of the nested mapping `part` is that of `whole`; of paths, which are resolved, the names."""
    if isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    if isinstance(part, str) and part.startswith("../"):
        return Path(whole).name == Path(part).name
    return bool(whole == part)


def own_values(path: Path) -> dict[str, Any]:
    """What a sweep's file says, with its solvers' files in place."""
    content = yaml.safe_load(path.read_text())
    for name, solver in content["solvers"].items():
        if isinstance(solver, str):
            content["solvers"][name] = yaml.safe_load((path.parent / solver).read_text())
    return content


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_takes_its_values_from_its_file_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = resolved(capsys, "--config", str(path))
    expected = own_values(path)
    assert contains(found, expected)
    defaults = {"name": "sweep", "split": "test", "limit": None, "operator_per": "image", "noise_levels": [0.0]}
    defaults |= {"repeats": 1, "seed": 0, "batch_size": "auto", "labels": {}, "only": None, "logger": True, "out": None}
    for key, value in defaults.items():
        assert found[key] == expected.get(key, value)
    assert list(found["solvers"]) == list(expected["solvers"])


def test_the_default_is_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert resolved(capsys) == resolved(capsys, "--config", str(DEFAULT_CONFIG))


def test_paths_are_relative_to_their_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    found = resolved(capsys, "--config", str(CONFIGS / "evaluate" / "mnist_gaussian.yaml"))
    assert Path(found["data"]["init_args"]["root"]) == CONFIGS.parent / "data" / "mnist"
    generator = Path(found["solvers"]["csgm"]["init_args"]["generator"])
    assert generator.is_file()
    assert generator.parent == CONFIGS.parent / "checkpoints"
