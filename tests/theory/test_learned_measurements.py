from pathlib import Path

import pytest
import torch
from torch import Tensor

from lit_inverse.seeding import generator
from lit_inverse.theory.learned_measurements import experiment
from lit_inverse.theory.learned_measurements.affine import affine_estimate, moments, principal_estimate
from lit_inverse.theory.learned_measurements.experiment import run
from lit_inverse.theory.learned_measurements.training import Result
from lit_inverse.theory.records import read_records


def test_the_affine_estimate_is_that_of_least_squares() -> None:
    source, sigma = generator(0), 0.3
    x = (
        torch.randn(200_000, 3, generator=source).double()
        @ torch.tensor([[1.0, 2, 0], [0, 1, 1], [0, 0, 0.5]]).double()
    )
    x = x + 4
    a = torch.randn(2, 3, generator=source).double()
    y = x @ a.T + sigma * torch.randn(len(x), 2, generator=source).double()
    inputs = torch.cat([y, torch.ones(len(x), 1).double()], 1)
    x_hat = inputs @ torch.linalg.lstsq(inputs, x).solution
    found = affine_estimate(y, a.float(), *moments(x), sigma)
    assert float((found - x_hat).square().mean()) < 1e-4 * float((x_hat - x).square().mean())


def test_principal_components_are_the_best_measurements() -> None:
    x = torch.randn(500, 6, generator=generator(0)) * torch.tensor([3.0, 2, 1, 0.5, 0.2, 0.1])
    mean, covariance = moments(x)
    torch.testing.assert_close(covariance, torch.cov(x.double().T, correction=0))
    torch.testing.assert_close(mean, x.double().mean(0))
    vectors = torch.linalg.eigh(covariance).eigenvectors

    def affine(a: Tensor) -> Tensor:
        return affine_estimate(x.double() @ a.double().T, a, mean, covariance, 1e-6)

    best = principal_estimate(x, mean, covariance, 2)
    torch.testing.assert_close(affine(vectors[:, -2:].T), best)
    left = torch.linalg.eigvalsh(covariance)[:4].sum()  # what the other components hold
    torch.testing.assert_close((best - x).square().sum(1).mean(), left)
    other = torch.randn(2, 6, generator=generator(1))
    assert (affine(other) - x).square().mean() > (best - x).square().mean()


def test_what_was_trained_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"measurements": (3, 6), "n_steps": 3, "n_test": 20}
    run(tmp_path, **settings)  # type: ignore[arg-type]
    rows = read_records(Result, tmp_path / "results.csv")
    assert [(row.m, row.kind) for row in rows] == [(3, "learned"), (3, "Gaussian"), (6, "learned"), (6, "Gaussian")]
    assert all(row.principal < row.affine < row.mse for row in rows)
    assert (tmp_path / "learned_measurements.png").stat().st_size > 1000
    monkeypatch.setattr(experiment, "train", lambda *_: pytest.fail("was trained again"))
    run(tmp_path, **settings)  # type: ignore[arg-type]
    assert read_records(Result, tmp_path / "results.csv") == rows
    for name, came, other in (("sigma", 0.1, 0.2), ("n_test", 20, 10), ("n_steps", 3, 4)):
        with pytest.raises(
            ValueError, match=f"results.csv was measured with {name} {came}, expected {other}: give another out"
        ):
            run(tmp_path, **{**settings, name: other})  # type: ignore[arg-type]
