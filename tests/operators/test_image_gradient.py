import pytest
import torch
from torch import Tensor

from lit_inverse.operators.image_gradient import gradient, gradient_adjoint


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_gradient_of_a_periodic_image() -> None:
    x = draw(2, 3, 5, 4)
    d = gradient(x, periodic=True)
    torch.testing.assert_close(d[:, 0], x.roll(-1, -1) - x)
    torch.testing.assert_close(d[:, 1], x.roll(-1, -2) - x)


def test_gradient_is_0_at_the_end_of_other_images() -> None:
    x = draw(2, 3, 5, 4)
    d, wrapped = gradient(x, periodic=False), gradient(x, periodic=True)
    assert (d[:, 0, ..., -1] == 0).all()
    assert (d[:, 1, ..., -1, :] == 0).all()
    torch.testing.assert_close(d[:, 0, ..., :-1], wrapped[:, 0, ..., :-1])
    torch.testing.assert_close(d[:, 1, ..., :-1, :], wrapped[:, 1, ..., :-1, :])


@pytest.mark.parametrize("periodic", [True, False])
def test_the_adjoint_is_that_of_the_gradient(periodic: bool) -> None:
    x, v = draw(2, 3, 5, 4), gradient(draw(2, 3, 5, 4, seed=1), periodic=periodic)
    d = gradient(x, periodic=periodic)
    torch.testing.assert_close((d * v).sum(), (x * gradient_adjoint(v, periodic=periodic)).sum())


@pytest.mark.parametrize("periodic", [True, False])
def test_gradient_can_be_differentiated(periodic: bool) -> None:
    x = draw(1, 1, 3, 4).requires_grad_()
    d = gradient(x, periodic=periodic)
    (by_autograd,) = torch.autograd.grad(d.square().sum() / 2, x)
    torch.testing.assert_close(by_autograd, gradient_adjoint(d.detach(), periodic=periodic))
