"""Weights that come from A alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from lit_inverse.networks.unfolding.weights import analytic_weight, coherence, symmetric_weight
from lit_inverse.operators import Gaussian

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "refs" / "lista" / "benchmark.npz"
A = Gaussian((14,), 6, 0, columns="unit").double().matrix


def test_analytic_weight_has_unit_diagonal_and_least_coherence_energy() -> None:
    w = analytic_weight(A)
    torch.testing.assert_close((w * A).sum(0), torch.ones(14, dtype=torch.float64))
    i = 4  # against a numeric solution of its own problem

    def energy(v: np.ndarray) -> float:
        return float(((v @ A.numpy()) ** 2).sum())

    found = minimize(
        energy, A[:, i].numpy(), constraints={"type": "eq", "fun": lambda v: v @ A[:, i].numpy() - 1}, tol=1e-14
    )
    np.testing.assert_allclose(w[:, i].numpy(), found.x, atol=1e-5)


def test_symmetric_weight_is_stationary_among_symmetric_ones_of_unit_diagonal() -> None:
    w = symmetric_weight(A)
    gram = w.mT @ A
    torch.testing.assert_close(gram, gram.mT)
    torch.testing.assert_close(gram.diagonal(), torch.ones(14, dtype=torch.float64))
    # any other M + E with a_i^T E a_i = 0 has more energy
    constraints = torch.stack([a.outer(a).flatten() for a in A.T])
    source = torch.Generator().manual_seed(0)
    for _ in range(20):
        e = torch.randn(6, 6, generator=source, dtype=torch.float64)
        e = (e + e.T).flatten()
        e = e - torch.linalg.lstsq(constraints.T, e, driver="gelsd").solution @ constraints
        change = A.T @ e.view(6, 6) @ A
        assert abs(float((gram * change).sum())) < 1e-9 * float(change.norm() * gram.norm())


def test_weights_of_the_benchmark_are_those_published() -> None:
    if not REFERENCE.exists():
        pytest.skip("../shared/refs/lista is not there")
    a = torch.from_numpy(np.load(REFERENCE)["A"])
    analytic, symmetric = analytic_weight(a), symmetric_weight(a)
    assert float(coherence(analytic, a)) == pytest.approx(0.2044, abs=5e-5)
    assert float((analytic.T @ a).square().sum()) - 500 == pytest.approx(502.05, abs=0.01)
    # of the iterative solution that HyperLISTA's authors ship
    assert float(coherence(symmetric, a)) == pytest.approx(0.2067, abs=5e-5)
    assert float((symmetric.T @ a).square().sum()) - 500 == pytest.approx(504.1, abs=0.05)
    assert float(torch.linalg.matrix_norm(symmetric.T @ a, 2)) == pytest.approx(2.32, abs=0.005)


def test_a_matrix_without_full_row_rank_is_refused() -> None:
    source = torch.Generator().manual_seed(0)
    for _ in range(10):
        a = torch.randn(10, 9, generator=source, dtype=torch.float64) @ torch.randn(
            9, 20, generator=source, dtype=torch.float64
        )
        for weight in (analytic_weight, symmetric_weight):
            with pytest.raises(ValueError, match="full row rank"):
                weight(a)
