"""Each shipped configuration holds its own values, over the constructors' defaults, and builds what it names."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluate import DEFAULT_CONFIG, main
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
FILES = sorted((CONFIGS / "evaluate").glob("*.yaml"))
SWEEPS = [path for path in FILES if path.suffixes == [".yaml"] and "solvers" in yaml.safe_load(path.read_text())]


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


def import_object(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def own_defaults(found: Any, named: Any) -> Iterator[str]:
    """What a class has though its part of the file does not name it, and which is not its constructor's default."""
    if not (isinstance(found, dict) and isinstance(named, dict)):
        return
    if "class_path" in named:
        signature = inspect.signature(import_object(named["class_path"])).parameters
        given = named.get("init_args", {})
        for name, value in found.get("init_args", {}).items():
            default = signature[name].default if name in signature else inspect.Parameter.empty
            plain = default is None or isinstance(default, (str, int, float, bool))
            if name not in given and plain and value != default:
                yield f"{named['class_path']}.{name} is {value}, by default {default}"
    for name, value in named.items():
        yield from own_defaults(found.get(name), value)


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_what_a_file_does_not_name_has_the_default_of_its_own_class(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not list(own_defaults(resolved(capsys, "--config", str(path)), own_values(path)))


def test_a_class_that_takes_the_place_of_another_begins_from_its_own_defaults(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    solver = {"class_path": "lit_inverse.solvers.DeepPrior", "init_args": {}}
    solver["init_args"] = {
        "network": {"class_path": "lit_inverse.networks.SIREN"},
        "regularizer": {"class_path": "lit_inverse.solvers.fitting.WeightDecay"},
    }
    file = tmp_path / "changes.yaml"
    file.write_text(yaml.safe_dump({"solvers": {"siren": solver}}))
    base = ["--config", str(DEFAULT_CONFIG), "--config", str(file)]
    parts = resolved(capsys, *base)["solvers"]["siren"]["init_args"]
    assert parts["network"]["init_args"]["width"] == 256  # not the default network's 64
    assert parts["regularizer"]["init_args"]["weight"] == 1e-4  # not the default regularizer's .01
    decoder = "lit_inverse.networks.DeepDecoder"
    parts = resolved(capsys, *base, "--solvers.siren.init_args.network", decoder)["solvers"]["siren"]["init_args"]
    assert parts["network"]["init_args"]["depth"] == 5  # not SIREN's 4
    same = "lit_inverse.networks.siren.SIREN"  # the same class by another name keeps what was set
    other = ["--solvers.siren.init_args.network.init_args.width", "9", "--solvers.siren.init_args.network", same]
    parts = resolved(capsys, *base, *other)["solvers"]["siren"]["init_args"]
    assert parts["network"]["init_args"]["width"] == 9


TRAINED_BY_MAKE = {"lista_family": ("lista_family", "lista"), "fastmri_trained": ("mri", "mri")}


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_and_all_that_it_names_can_be_built(path: Path) -> None:
    if path.stem in TRAINED_BY_MAKE:
        folder, target = TRAINED_BY_MAKE[path.stem]
        if not (CONFIGS.parent / "checkpoints" / "runs" / folder).exists():
            pytest.skip(f"its networks are not trained: make {target}")
    sweep = read_sweep(Request.read(["--config", str(path)], path))
    assert list(sweep.solvers) == list(own_values(path)["solvers"])


def test_the_default_is_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert resolved(capsys) == resolved(capsys, "--config", str(DEFAULT_CONFIG))


def test_paths_are_relative_to_their_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    found = resolved(capsys, "--config", str(CONFIGS / "evaluate" / "mnist_gaussian.yaml"))
    assert Path(found["data"]["init_args"]["root"]) == CONFIGS.parent / "data" / "mnist"
    generator = Path(found["solvers"]["csgm"]["init_args"]["generator"])
    assert generator.is_file()
    assert generator.parent == CONFIGS.parent / "checkpoints"
