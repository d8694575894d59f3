"""Conjugate gradients, where rounding decides."""

import pytest
import torch

from lit_inverse.operators.krylov import cg_steps, conjugate_gradients, last


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float32, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-10, 1.0, 1e10, 1e20, 1e30])
def test_solutions_grow_with_b_to_the_last_bit(scale: float) -> None:
    matrix = draw(3, 20, 20)
    matrix, b = matrix @ matrix.mT / 20 + torch.eye(20), draw(3, 20, seed=1)
    power = 2.0 ** round(torch.tensor(scale).log2().item())
    plain, scaled = (conjugate_gradients(lambda v: (matrix @ v[..., None])[..., 0], b * s) for s in (1.0, power))
    assert torch.equal(scaled, plain * power)


@pytest.mark.parametrize("scale", [1e-24, 1e-12, 1.0, 1e12, 1e24])
def test_each_item_has_a_scale_of_its_own(scale: float) -> None:
    diagonal = torch.linspace(1, 2, 30) * torch.tensor([[1.0], [scale]])
    b = draw(2, 30) * torch.tensor([[scale], [1.0]])
    x = conjugate_gradients(lambda v: diagonal * v, b)
    torch.testing.assert_close(x, b / diagonal, rtol=1e-4, atol=0)


def test_what_is_0_or_below_the_range_stands_still() -> None:
    steps = cg_steps(lambda v: 1e-40 * v, torch.stack([draw(9), torch.zeros(9)]), 30, 1e-6)
    step = last(steps)
    assert not step.x.any()
    assert step.n_steps.tolist() == [0, 0]
