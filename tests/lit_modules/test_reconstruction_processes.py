"""Training of reconstruction networks in two processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lit_inverse.checkpoints import load_network
from lit_inverse.networks import VarNet

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"n_cascades": 2, "width": 2, "depth": 2, "sensitivity_width": 2, "sensitivity_depth": 2}


def errors(folder: Path, n_processes: int, *more: str) -> dict[str, float]:
    """What an epoch of next to no steps ends with."""
    command = [
        sys.executable,
        str(ROOT / "train.py"),
        "--config",
        str(ROOT / "configs/train/varnet_fastmri_small.yaml"),
    ]
    sizes = [part for name, size in SIZES.items() for part in (f"--model.network.init_args.{name}", str(size))]
    short = ["--trainer.max_epochs", "1", "--trainer.limit_train_batches", "2", "--model.lr", "1e-30"]
    ddp = [
        "--trainer.accelerator",
        "cpu",
        "--trainer.devices",
        str(n_processes),
        "--out",
        str(folder),
        "--logger",
        "false",
    ]
    done = subprocess.run(
        [*command, *sizes, *short, *ddp, *more],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=folder.parent,
    )
    assert done.returncode == 0, done.stderr
    return {name: float(value) for name, value in re.findall(r"(val/\w+) ([\d.e+-]+)", done.stdout)}


@pytest.mark.slow
def test_two_processes_train_and_find_the_errors_of_one(tmp_path: Path) -> None:
    """Slices of a volume are in both."""
    one, two = (errors(tmp_path / str(n), n, "--data.slices", "[0, 3]") for n in (1, 2))
    assert {"val/loss", "val/nmse", "val/psnr", "val/ssim", "val/slice_nmse"} <= one.keys()
    assert two == pytest.approx(one, rel=2e-3)
    assert isinstance(load_network(tmp_path / "2" / "best.ckpt"), VarNet)


@pytest.mark.slow
def test_two_processes_train_on_one_coil_whose_sensitivities_have_no_gradient(tmp_path: Path) -> None:
    found = errors(tmp_path / "run", 2, "--data.challenge", "singlecoil", "--data.slices", "[0, 1]")
    assert found["val/ssim"] > 0
