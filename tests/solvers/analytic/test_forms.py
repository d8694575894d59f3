"""x(B), F(B) and its gradient."""

import pytest
import torch

from lit_inverse.solvers.analytic import L1, L2, TV, Exact, Penalty, Unrolled
from lit_inverse.solvers.analytic.form import Datum

DOUBLE = torch.float64


def draw(*shape: int, dtype: torch.dtype = DOUBLE, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [DOUBLE, torch.complex128])
@pytest.mark.parametrize(("m", "n"), [(8, 5), (5, 8), (6, 6)])
@pytest.mark.parametrize("alpha", [1.0, 1e-2])
def test_the_gradient_is_that_of_autograd_for_any_b_and_y(m: int, n: int, dtype: torch.dtype, alpha: float) -> None:
    a, b, y = draw(2, m, n, dtype=dtype), draw(2, m, n, dtype=dtype, seed=1), draw(2, m, dtype=dtype, seed=2)
    b.requires_grad_()
    x = torch.linalg.solve(b.mH @ b + alpha * torch.eye(n, dtype=dtype), b.mH @ y[..., None])
    loss = (a @ x - y[..., None]).abs().square().sum((1, 2)) / 2
    (gradient,) = torch.autograd.grad(loss.sum(), b)
    found = Exact().start(Datum(a, y, alpha, (n,)))(b.detach())
    torch.testing.assert_close(found.x, x.detach()[..., 0], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(found.loss, loss.detach(), rtol=1e-10, atol=1e-10)
    assert (found.gradient - gradient).norm() <= 1e-10 * gradient.norm()


def printed_gradient(a: torch.Tensor, y: torch.Tensor, alpha: float) -> torch.Tensor:
    """Dittmer et al. 2020, eq. 4.15, at B = A."""
    gram = a.mT @ a + alpha * torch.eye(a.shape[1], dtype=a.dtype)
    cubed, squared, y = gram.inverse().matrix_power(3), gram.inverse().matrix_power(2), y[:, None]
    outer = a @ a.mT @ y @ y.mT @ a @ cubed + a @ cubed @ a.mT @ y @ y.mT @ a - y @ y.mT @ a @ squared
    return alpha * outer


def test_the_printed_gradient_is_right_for_a_singular_vector_alone() -> None:
    a, alpha = draw(6, 6), 0.5
    u, sigma, _ = torch.linalg.svd(a)
    for y, agrees in ((1.1 * sigma[2] * u[:, 2], True), (draw(6, seed=1), False)):
        right = Exact().start(Datum(a[None], y[None], alpha, (6,)))(a[None]).gradient[0]
        error = (printed_gradient(a, y, alpha) - right).norm() / right.norm()
        assert error < 1e-10 if agrees else error > 0.1


def test_what_is_not_finite_raises_nothing() -> None:
    a = draw(1, 4, 4)
    found = Exact().start(Datum(a, draw(1, 4), 0.1, (4,)))(a * torch.nan)
    assert found.loss.isnan().all()


def test_layers_carried_on_come_to_the_closed_form() -> None:
    a, y = draw(2, 6, 6), draw(2, 6, seed=1)
    datum = Datum(a, y, 0.5, (6,))
    exact, evaluate = Exact().start(datum)(a), Unrolled(n_layers=10).start(datum)
    for _ in range(100):
        found = evaluate(a)
    torch.testing.assert_close(found.x, exact.x, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(found.loss, exact.loss, rtol=1e-8, atol=1e-10)
    many = Unrolled(n_layers=1000).start(datum)(a)  # gradients through all layers
    torch.testing.assert_close(many.gradient, exact.gradient, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("penalty", [L2(), L1(), TV(max_iter=400)])
@pytest.mark.parametrize("shape", [(7,), (1, 3, 4)])
def test_prox_minimises_its_objective(penalty: Penalty, shape: tuple[int, ...]) -> None:
    x, weight = draw(2, *shape), torch.tensor([0.3, 0.7], dtype=DOUBLE)

    def value(u: torch.Tensor) -> torch.Tensor:
        match penalty:
            case L2():
                size = u.square().flatten(1).sum(1) / 2
            case L1():
                size = u.abs().flatten(1).sum(1)
            case _:
                size = u.diff(dim=-1).abs().flatten(1).sum(1)
                size = size + u.diff(dim=-2).abs().flatten(1).sum(1) if u.ndim == 4 else size
        return (u - x).square().flatten(1).sum(1) / 2 + weight * size

    u = penalty.prox(x, weight)
    assert u.shape == x.shape
    for seed in range(30):
        assert (value(u) <= value(u + 10 ** (-seed / 6) * draw(2, *shape, seed=seed)) + 1e-9).all()


@pytest.mark.parametrize("penalty", [L2(), L1(), TV(5)])
def test_gradients_pass_every_prox(penalty: Penalty) -> None:
    weight = torch.full((1,), 0.2, dtype=DOUBLE)
    x = draw(2, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: penalty.prox(v, weight), x)
    x = draw(2, 1, 3, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: penalty.prox(v, weight), x)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="n_layers is 0"):
        Unrolled(n_layers=0)
    with pytest.raises(ValueError, match="max_iter is 0"):
        TV(max_iter=0)
