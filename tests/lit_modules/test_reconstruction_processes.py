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
@pytest.mark.parametrize("challenge", ["multicoil", "singlecoil"])
def test_two_processes_train_and_find_the_errors_of_one(challenge: str, tmp_path: Path) -> None:
    """Volumes lie in both; of one coil the weights for sensitivities have no gradient."""
    more = ["--data.challenge", challenge, "--data.slices", "[0, 3]", "--trainer.limit_val_batches", "1.0"]
    one, two = (errors(tmp_path / str(n), n, *more) for n in (1, 2))
    assert {"val/loss", "val/nmse", "val/psnr", "val/ssim", "val/slice_nmse"} <= one.keys()
    assert two == pytest.approx(one, rel=2e-3)
    assert isinstance(load_network(tmp_path / "2" / "best.ckpt"), VarNet)
