"""What evaluate.py refuses, in one line and before any work."""

import json
import re
from pathlib import Path

import pytest

from evaluate import main

WRONG = [
    (["--limitt", "3"], "unrecognized arguments: --limitt"),
    (["--limit", "0"], "limit: .*v>0; got 0"),
    (["--limit", "x"], "limit: .*got x"),
    (["--solvers.plain.scal", "2"], "solvers.plain: Option 'scal' is not accepted"),
    (["--solvers.plain.scale", "big"], "solvers.plain.scale: Expected a float. got big"),
    (["--operator.m", "3"], "operator: Option 'm' is not accepted"),
    (["--measurements", "[0]"], "measurements: m is 0, expected at least 1"),
    (["--measurements", "[900]"], "measurements: m is 900, expected at most n = 784"),
    (["--measurements", "[20.5]"], "measurements: .*m: Expected a int. got 20.5"),
    (["--measurements", "[]"], r"measurements: got \[\], expected at least one"),
    (["--noise_levels", "[-1]"], "noise_levels: sigma is -1.0, expected a finite number >= 0"),
    (["--only", "[nobody]"], "unknown solver 'nobody', expected names from"),
    (["--labels", "{plain: jittered}"], "labels: 'jittered' would stand for two solvers"),
    (["--trainer.max_epoch", "3"], "unrecognized arguments: --trainer.max_epoch"),
    (["--trainer.accelerator", "quantum"], "trainer: .*quantum"),
    (["--trainer.precision", "bf16-mixed"], "trainer.precision: got 'bf16-mixed', expected 32-true or 64-true"),
    (["--trainer.devices", "none"], "trainer: .*devices"),
    (["--config", "nowhere.yaml"], "--config nowhere.yaml: .*No such file"),
    (["--data.class_path", "datamodules.Nothing"], "data: module 'datamodules' has no attribute 'Nothing'"),
    (["--data", "datamodules.MNISTDataModule", "--data.root", "nowhere"], "data: .*nowhere"),
    (["--data.batch_size", "0"], "data: batch_size is 0, expected at least 1"),
    (["--split", "tests"], "split: Expected .*'test'.* got tests"),
    (["--vary", "k"], "required: m"),
    (
        ["--operator", "lit_inverse.operators.Identity", "--vary", "k", "--measurements", "[null]"],
        "measurements: operator: Option 'k' is not accepted",
    ),
    (["--out", "/proc/nowhere"], "out: cannot write to /proc/nowhere"),
    (["--solvers.plain", "nowhere.yaml"], "solvers.plain: .*nowhere.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[" ".join(options) for options, _ in WRONG])
def test_wrong_input_ends_in_one_line_and_exit_code_2(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    out = [] if "--out" in options else ["--out", str(config.parent / "out")]
    assert main(["--config", str(config), *out, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert re.search(message, captured.err), captured.err
    assert not (config.parent / "out" / "results.jsonl").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [("limit: [1", "no valid YAML"), ("- a\n- b\n", "expected a mapping"), ("solvers: 3", "solvers: ")],
)
def test_files_that_are_no_configuration_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    assert main(["--config", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_an_image_that_is_not_finite_is_refused_before_work(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import numpy as np
    from PIL import Image

    (tmp_path / "images").mkdir()
    pixels = np.full((16, 16), 0.5, dtype=np.float32)
    pixels[3, 4] = np.nan
    Image.fromarray(pixels).save(tmp_path / "images" / "broken.tiff")
    data = ["--data", "datamodules.ImagesDataModule", "--data.root", str(tmp_path / "images")]
    assert main(["--config", str(config), "--out", str(tmp_path / "out"), *data]) == 2
    assert "broken.tiff" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--operator", "lit_inverse.operators.Sign"], "Sign is not linear"),
        (["--noise", "lit_inverse.noise.Poisson", "--noise_levels", "[0.1]"], "noise_levels: "),
    ],
)
def test_what_can_not_be_measured_or_solved_ends_before_work(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    native = {"class_path": "lit_inverse.solvers.DeepPrior", "init_args": {"max_iter": 2}}
    data = ["--data.value_range", "[0, 1]", "--solvers.plain", json.dumps(native)]
    assert main(["--config", str(config), "--out", str(config.parent / "out"), *data, *options]) == 2
    assert message in capsys.readouterr().err
