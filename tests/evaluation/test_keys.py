"""Keys name all that determines a result, and nothing else."""

import copy
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from least_norm import LeastNorm
from PIL import Image
from pytorch_lightning import LightningDataModule

import datamodules  # noqa: F401  # lets --data take short names
from lit_inverse.checkpoints import SHIPPED
from lit_inverse.evaluation.batches import batches
from lit_inverse.evaluation.cases import Case, plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.solving import solve_batch
from lit_inverse.evaluation.sweep import Sweep

LASSO = {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"lam": 0.01}}
SWEEP: dict[str, Any] = {
    "data": {"class_path": "datamodules.DigitsDataModule", "init_args": {"value_range": [-1, 1]}},
    "limit": 2,
    "operator": {"class_path": "lit_inverse.operators.Gaussian"},
    "vary": "m",
    "measurements": [20],
    "noise_levels": [0.1],
    "repeats": 2,
    "solvers": {"solver": LASSO},
    "logger": False,
}


def read(folder: Path, *options: str, **changes: Any) -> Sweep:
    folder.mkdir(exist_ok=True)
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump({**SWEEP, **changes}))
    sweep = read_sweep(Request.read(["--config", str(path), *options], path))
    sweep.data.prepare_data()
    sweep.data.setup("predict")
    return sweep


def cases(folder: Path, *options: str, **changes: Any) -> list[Case]:
    return plan(read(folder, *options, **changes)).cases


def keys(folder: Path, *options: str, **changes: Any) -> set[str]:
    return {case.key for case in cases(folder, *options, **changes)}


def with_settings(**settings: Any) -> dict[str, Any]:
    return {"solver": {**LASSO, "init_args": {**LASSO["init_args"], **settings}}}


def checkpoint(path: Path, change: float = 0.0) -> Path:
    """A shipped generator, one of its weights changed."""
    content = torch.load(SHIPPED / "vae_digits.pt", weights_only=True)
    weights = content.get("state_dict", content)
    next(value for value in weights.values() if torch.is_floating_point(value)).view(-1)[0] += change
    torch.save(content, path)
    return path


def images(folder: Path, changed: bool = False) -> dict[str, Any]:
    """Two images; of the second, one pixel may be changed."""
    folder.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (16, 16)).astype(np.uint8)
        pixels[3, 4] += changed and number == 1
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return {"data": {"class_path": "datamodules.ImagesDataModule", "init_args": {"root": str(folder)}}}


def test_keys_are_known_across_processes_and_unique(tmp_path: Path) -> None:
    found = cases(tmp_path)
    assert len({case.key for case in found}) == len(found) == 4
    assert keys(tmp_path) == {case.key for case in found}


INGREDIENTS: dict[str, list[str]] = {
    "operator law: a setting": ["--operator.columns", "unit"],
    "stream of A": ["--operator_per", "sweep"],
    "level: m": ["--measurements", "[21]"],
    "level: noise": ["--noise_levels", "[0.2]"],
    "noise law": ["--noise", "lit_inverse.noise.TotalGaussian"],
    "seed of the streams": ["--seed", "1"],
    "solver class": ["--solvers.solver.class_path", "lit_inverse.solvers.FISTA"],
    "dtype": ["--trainer.precision", "64-true"],
    "value_range": ["--data.value_range", "[0, 1]"],
    "x: another split": ["--split", "train"],
}


@pytest.mark.parametrize("options", INGREDIENTS.values(), ids=INGREDIENTS)
def test_each_ingredient_changes_every_key(tmp_path: Path, options: list[str]) -> None:
    assert not keys(tmp_path) & keys(tmp_path, *options)


def test_the_class_of_the_operator_changes_every_key(tmp_path: Path) -> None:
    other = {"class_path": "lit_inverse.operators.SubsampledDCT"}
    assert not keys(tmp_path) & keys(tmp_path, operator=other)


@pytest.mark.parametrize(
    "setting",
    [{"lam": 0.02}, {"basis": "wavelet"}, {"lam_unit": "sklearn"}, {"clip": True}, {"gap": 1e-5}, {"max_iter": 7}],
    ids=str,
)
def test_each_setting_of_a_solver_changes_every_key(tmp_path: Path, setting: dict[str, Any]) -> None:
    assert not keys(tmp_path) & keys(tmp_path, solvers=with_settings(**setting))


def test_a_default_written_out_changes_nothing(tmp_path: Path) -> None:
    assert keys(tmp_path) == keys(tmp_path, solvers=with_settings(basis="dct"))
    assert keys(tmp_path, solvers=with_settings(lam=1)) == keys(tmp_path, solvers=with_settings(lam=1.0))


def test_the_version_of_a_solver_changes_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solvers = {"solver": {"class_path": "least_norm.LeastNorm"}}
    before = keys(tmp_path, solvers=solvers)
    monkeypatch.setattr(LeastNorm, "version", 2)
    assert not before & keys(tmp_path, solvers=solvers)


def test_the_version_of_a_solver_within_a_solver_changes_every_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    initial = {"class_path": "least_norm.LeastNorm"}
    solvers = {"solver": {"class_path": "lit_inverse.solvers.RED", "init_args": {"initial": initial}}}
    before = keys(tmp_path, solvers=solvers)
    monkeypatch.setattr(LeastNorm, "version", 2)
    assert not before & keys(tmp_path, solvers=solvers)


def test_the_content_of_a_checkpoint_changes_every_key_and_its_path_none(tmp_path: Path) -> None:
    def of(path: Path) -> set[str]:
        search = {"class_path": "lit_inverse.solvers.LatentSearch", "init_args": {"generator": str(path)}}
        return keys(tmp_path, solvers={"solver": search})

    first, changed = checkpoint(tmp_path / "a.pt"), checkpoint(tmp_path / "b.pt", 1e-3)
    moved = Path(shutil.copy(first, tmp_path / "moved.pt"))
    assert of(first) == of(moved)
    assert not of(first) & of(changed)


def test_a_pixel_changes_the_keys_of_its_image_and_the_folder_none(tmp_path: Path) -> None:
    first, moved, changed = (
        cases(tmp_path, **images(tmp_path / name, name == "changed")) for name in ("first", "moved", "changed")
    )
    assert [case.key for case in first] == [case.key for case in moved]
    assert all((a.key == b.key) == (a.image == "0.png") for a, b in zip(first, changed, strict=True))


NON_INGREDIENTS: dict[str, list[str]] = {
    "device": ["--trainer.accelerator", "cpu"],
    "processes": ["--trainer.devices", "2"],
    "batch size": ["--batch_size", "1"],
    "threads": ["--threads", "1"],
    "name and out": ["--name", "other", "--out", "elsewhere"],
    "label": ["--labels", '{"solver": "another label"}'],
    "logger": ["--logger", "true"],
    "no precision named": ["--trainer.precision", "32-true"],
    "the class by its file": ["--solvers.solver.class_path", "lit_inverse.solvers.lasso.Lasso"],
}


@pytest.mark.parametrize("options", NON_INGREDIENTS.values(), ids=NON_INGREDIENTS)
def test_no_other_setting_changes_a_key(tmp_path: Path, options: list[str]) -> None:
    assert keys(tmp_path) == keys(tmp_path, *options)


def test_names_of_solvers_and_of_the_varied_argument_change_no_key(tmp_path: Path) -> None:
    assert keys(tmp_path) == keys(tmp_path, solvers={"another_name": LASSO})
    fixed = {"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 20}}
    assert keys(tmp_path) == keys(tmp_path, operator=fixed, vary=None, measurements=[None])


def test_the_file_a_solver_comes_from_changes_no_key(tmp_path: Path) -> None:
    for comment in ("", "# with a comment\n"):
        (tmp_path / "lasso.yaml").write_text(comment + yaml.safe_dump(LASSO))
        assert keys(tmp_path, solvers={"solver": "lasso.yaml"}) == keys(tmp_path)


def test_more_cases_leave_the_keys_of_the_others(tmp_path: Path) -> None:
    more = {"limit": 3, "measurements": [10, 20], "noise_levels": [0.1, 0.0], "repeats": 3}
    assert keys(tmp_path) < keys(tmp_path, **more, solvers={**copy.deepcopy(SWEEP["solvers"]), **with_settings()})


class TwoSizes(LightningDataModule):
    """Six images of two sizes in turn."""

    value_range = (0.0, 1.0)

    def dataset(self, split: str) -> list[dict[str, Any]]:
        return [{"x": torch.full((1, 16 + 8 * (i % 2), 16), i / 6), "id": str(i)} for i in range(6)]


def test_batches_hold_cases_of_one_solver_setting_and_shape(tmp_path: Path) -> None:
    sweep = dataclasses.replace(read(tmp_path, measurements=[10, 20], repeats=1, limit=None), data=TwoSizes())
    planned = plan(sweep)
    split = batches(sweep, planned, set(), torch.device("cpu"))
    assert [len(batch) for batch in split] == [3, 3, 3, 3]
    assert all(len({case.group for case in batch}) == 1 for batch in split)
    for batch in split:
        assert len(solve_batch(sweep, sweep.dataset(), batch[:2], torch.device("cpu"))) == 2


def test_equal_solvers_under_two_names_are_computed_once(tmp_path: Path) -> None:
    sweep = read(tmp_path, solvers={"a": LASSO, "b": LASSO})
    planned = plan(sweep)
    assert len(planned.cases) == 8
    assert sum(map(len, batches(sweep, planned, set(), torch.device("cpu")))) == 4
