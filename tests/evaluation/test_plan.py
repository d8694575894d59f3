"""What a plan refuses before any work."""

import json
from pathlib import Path

import pytest

from evaluate import main

FOURIER = ["--operator", "lit_inverse.operators.RadialFourier", "--vary", "lines"]


@pytest.mark.parametrize(
    ("solver", "options", "message"),
    [
        ("SENSE", FOURIER, "operator is OnReals, expected Fourier"),
        ("RealChannels", FOURIER, "A is OnReals, of real images"),
        ("RealChannels", [], "A is Gaussian, of real images"),
    ],
)
def test_a_solver_is_asked_about_the_operator_it_will_be_told(
    config: Path, capsys: pytest.CaptureFixture[str], solver: str, options: list[str], message: str
) -> None:
    """Of real images, be they measured by complex numbers."""
    out, other = config.parent / "out", json.dumps({"class_path": f"lit_inverse.solvers.{solver}"})
    chosen = ["--measurements", "[5]", "--solvers.plain", other, "--only", "[plain]"]
    assert main(["--config", str(config), "--out", str(out), *options, *chosen]) == 2
    assert f"solvers.plain: {message}" in capsys.readouterr().err
    assert not out.exists()
