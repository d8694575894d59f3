"""SsNAL where it is hard: bad starts, degenerate matrices, tiny lam."""

import math

import pytest
import torch
from torch import Tensor

from lit_inverse.operators import Matrix
from lit_inverse.solvers.sparse.proximal_gradient import accelerated_proximal_gradient
from lit_inverse.solvers.sparse.ssnal import ssnal


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def problem(m: int, kind: str) -> tuple[Tensor, Matrix]:
    a = draw(m, 60) / math.sqrt(m)
    if kind == "repeated columns":
        a[:, 30:] = a[:, :30]
    elif kind == "rounded":
        a = draw(m, 60).round()
    elif kind == "unequal columns":
        a = a * torch.logspace(-2, 2, 60, dtype=torch.float64)
    elif kind == "rank one":
        a = draw(m, 1) * draw(60, seed=3)
    return draw(4, m, seed=1), Matrix(a)


@pytest.mark.parametrize("kind", ["plain", "repeated columns", "rounded", "unequal columns", "rank one"])
@pytest.mark.parametrize("m", [1, 20, 60, 90])
@pytest.mark.parametrize("relative", [0.5, 1e-2, 1e-6])
def test_gap_is_reached_from_any_start(m: int, kind: str, relative: float) -> None:
    y, matrix = problem(m, kind)
    lam = relative * matrix.adjoint(y).abs().amax(1)
    for start in (torch.zeros(4, 60, dtype=torch.float64), draw(4, 60, seed=2)):
        minimum = ssnal(matrix, y, lam, start, max_iter=300, gap=1e-8)
        assert minimum.converged.all()


def test_both_methods_find_the_same_minimum() -> None:
    y, matrix = problem(20, "plain")
    lam = torch.tensor([1e-2, 1e-3, 0.1, 1.0], dtype=torch.float64)
    newton = ssnal(matrix, y, lam, torch.zeros(4, 60, dtype=torch.float64), max_iter=300, gap=1e-12)
    first_order = accelerated_proximal_gradient(
        matrix, y, lam, torch.zeros(len(y), matrix.n, dtype=y.dtype), max_iter=100_000, gap=1e-12
    )
    assert newton.converged.all()
    assert first_order.converged.all()
    torch.testing.assert_close(newton.z, first_order.z, rtol=0, atol=1e-5)
