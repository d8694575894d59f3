"""The experiment on the generalisation gap, at a small size."""

from pathlib import Path

import pytest
import torch

from lit_inverse.networks import PhiNet
from lit_inverse.operators import Gaussian
from lit_inverse.theory.generalization_gap.experiment import run
from lit_inverse.theory.generalization_gap.measurement import NETWORKS, measure

SMALL = {"m": 10, "n": 20, "sparsity": 2, "n_steps": 60, "n_new": 500}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_class_is_trained_and_measured(name: str) -> None:
    state = torch.random.get_rng_state()
    gap = measure(name, 3, 16, 0, **SMALL)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert 0 < gap.train_loss < 2**0.5 + 0.5  # E ||x|| is below sqrt(2)
    assert gap.worst_gap >= gap.gap >= 0
    assert gap == measure(name, 3, 16, 0, **SMALL)


def test_the_gap_falls_with_the_number_of_signals() -> None:
    few, many = (measure("LISTA", 3, n_train, 0, **SMALL).gap for n_train in (8, 2048))
    assert many < few / 4


def test_few_weights_have_a_smaller_gap_than_many() -> None:
    assert measure("Step-LISTA", 3, 16, 0, **SMALL).gap < 0.5 * measure("LISTA", 3, 16, 0, **SMALL).gap


def test_phi_net_is_ista_in_an_orthonormal_basis() -> None:
    operator = Gaussian((20,), 10, 0, columns="unit")
    network = PhiNet(10, 20, 5, lam=0.05)
    network.initialize(operator)
    with torch.no_grad():
        network.skew.copy_(torch.randn(20, 20, generator=torch.Generator().manual_seed(0)))
    phi = torch.linalg.matrix_exp(network.skew - network.skew.mT)
    torch.testing.assert_close(phi @ phi.mT, torch.eye(20), atol=1e-5, rtol=0)
    y = torch.randn(3, 10, generator=torch.Generator().manual_seed(1))
    f = torch.zeros(3, 20)
    step, a = 1 / torch.linalg.matrix_norm(operator.matrix, 2) ** 2, operator.matrix
    for _ in range(5):
        z = f + step * (y - f @ (a @ phi).mT) @ (a @ phi)
        f = z.sign() * (z.abs() - 0.05 * step).clamp_min(0)
    torch.testing.assert_close(network(y, operator), f @ phi.mT, atol=1e-5, rtol=1e-4)


def test_a_second_run_measures_what_is_missing_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {**SMALL, "networks": ["ALISTA", "LISTA"], "depths": [2], "n_layers": 3, "n_train": 8}
    run(tmp_path, sizes=[8], seeds=2, **settings)  # type: ignore[arg-type]
    first = (tmp_path / "gaps.csv").read_text()
    assert capsys.readouterr().out.count("gap 0.") == 8
    run(tmp_path, sizes=[8, 16], seeds=2, **settings)  # type: ignore[arg-type]
    assert capsys.readouterr().out.count("gap 0.") == 4
    assert (tmp_path / "gaps.csv").read_text().startswith(first)
    assert (tmp_path / "gaps.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match=r"gaps.csv was measured with n_steps \d+, expected 30: give another out"):
        run(tmp_path, sizes=[8], **settings | {"n_steps": 30})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="networks are"):
        run(tmp_path / "other", networks=["Alista"])
