"""Nothing finished is lost when a sweep is killed."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_evaluate import SWEEP, _environment

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_a_sweep_killed_at_random_moments_ends_as_if_undisturbed(tmp_path: Path) -> None:
    config = tmp_path / "sweep.yaml"
    config.write_text(yaml.safe_dump({**SWEEP, "limit": 100}, sort_keys=False))
    command = [sys.executable, "benchmarks/sigkill.py", "--config", str(config), "--kills", "4", "--", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
