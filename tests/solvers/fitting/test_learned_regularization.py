"""Both forms of the term against numpy, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fits import data, descent

from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import LearnedRegularization
from lit_inverse.solvers.fitting.learned_regularization import Form

L = 4  # two layers with biases


def _write(path: Path, n_layers: int = L, sign: float = 1.0) -> tuple[Path, np.ndarray, np.ndarray]:
    root = torch.randn(n_layers, n_layers + 3, generator=generator(0), dtype=torch.float64)
    mu, covariance = torch.arange(n_layers, dtype=torch.float64) / 10, sign * root @ root.T
    torch.save({"state_dict": {"mu": mu, "covariance": covariance}}, path)
    return path, mu.numpy(), covariance.numpy()


@pytest.mark.parametrize("n_fits", [1, 3])
def test_is_its_formula(tmp_path: Path, n_fits: int) -> None:
    path, mu, covariance = _write(tmp_path / "statistics.pt")
    networks, x = descent(data(n_fits)).networks, torch.zeros(n_fits, 1, dtype=torch.float64)
    per_weight, layer_mean = np.zeros(n_fits), np.zeros(n_fits)
    for fit in range(n_fits):
        layers = [weights[fit].detach().numpy() for weights in networks.weights]
        per_weight[fit] = sum(((w - mu[i]) ** 2).sum() / covariance[i, i] for i, w in enumerate(layers))
        deviation = np.array([w.mean() for w in layers]) - mu
        layer_mean[fit] = deviation @ np.linalg.solve(covariance, deviation)
    found = LearnedRegularization(path, 7.0)(x, networks).detach()  # type: ignore[arg-type]
    torch.testing.assert_close(found, 7 * torch.from_numpy(per_weight))
    found = LearnedRegularization(path, 7.0, "layer_mean")(x, networks).detach()  # type: ignore[arg-type]
    torch.testing.assert_close(found, 7 * torch.from_numpy(layer_mean))


@pytest.mark.parametrize("form", ["per_weight", "layer_mean"])
def test_has_a_gradient_when_it_was_made_in_inference_mode(tmp_path: Path, form: Form) -> None:
    path, _, _ = _write(tmp_path / "statistics.pt")
    with torch.inference_mode():
        term = LearnedRegularization(path, form=form)  # type: ignore[arg-type]
    networks = descent(data(1)).networks
    gradients = torch.autograd.grad(term(torch.zeros(1, 1, dtype=torch.float64), networks).sum(), networks.parameters)
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_statistics_of_another_network_are_refused(tmp_path: Path) -> None:
    term = LearnedRegularization(_write(tmp_path / "statistics.pt", 5)[0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has 4 layers, expected 5"):
        term(torch.zeros(1, 1), descent(data(1)).networks)


def test_a_covariance_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a positive definite one"):
        LearnedRegularization(_write(tmp_path / "statistics.pt", sign=-1.0)[0])  # type: ignore[arg-type]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {"weight": torch.zeros(1)}}, tmp_path / "network.pt")
    with pytest.raises(ValueError, match=r"holds \['weight'\], expected mu"):
        LearnedRegularization(tmp_path / "network.pt")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        LearnedRegularization(tmp_path / "none.pt")  # type: ignore[arg-type]
