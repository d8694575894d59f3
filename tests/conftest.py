"""What tests share: the real data beside the repository, where it is there, and a small sweep."""

import os
from pathlib import Path

import pytest
import torch
import yaml
from small_sweep import SWEEP

os.environ.setdefault("WANDB_MODE", "offline")
os.environ.setdefault("WANDB_SILENT", "true")
torch.set_num_threads(1)

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    root = DATA / "mnist"
    if not root.is_dir():
        pytest.skip("MNIST is not there: ../shared/data/mnist")
    return root


@pytest.fixture
def untouched_rng() -> object:
    """Fails the test if it reads or writes the global random generator."""
    before = torch.random.get_rng_state()
    yield
    assert torch.equal(before, torch.random.get_rng_state()), "the global random generator was used"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    return path
