"""The streamed matrix against the stored one."""

import pytest
import torch

from lit_inverse.operators import Gaussian, GaussianStreamed


@pytest.mark.parametrize("seed", [5, [5, 6, 5]])
@pytest.mark.parametrize(("n", "m"), [(40, 30), (3000, 700)])
def test_equals_the_stored_matrix(seed: int | list[int], n: int, m: int) -> None:
    stored, streamed = Gaussian((n,), m, seed), GaussianStreamed((n,), m, seed)
    x = torch.randn(3, n, generator=torch.Generator().manual_seed(0))
    y = stored(x)
    torch.testing.assert_close(streamed(x), y)
    torch.testing.assert_close(streamed.adjoint(y), stored.adjoint(y))
    torch.testing.assert_close(streamed.normal(x), stored.normal(x), rtol=1e-4, atol=1e-4)


def test_gradients_do_not_keep_the_blocks() -> None:
    streamed = GaussianStreamed((3000,), 700, 0)
    x = torch.randn(2, 3000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = streamed(x).square().sum()
    (gradient,) = torch.autograd.grad(y, x)
    assert sum(tensor.numel() for tensor in kept) < 10 * x.numel()
    torch.testing.assert_close(gradient, 2 * streamed.normal(x).detach())


def test_gradients_of_any_order() -> None:
    streamed = GaussianStreamed((6,), 4, [0, 1]).double()
    x = torch.randn(2, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(streamed, (x,))
    assert torch.autograd.gradgradcheck(lambda x: streamed(x).pow(3), (x,))
