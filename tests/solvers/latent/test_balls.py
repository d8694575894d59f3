import pytest
import torch
from torch import Tensor

from lit_inverse.seeding import generator
from lit_inverse.solvers.latent.balls import PROJECTIONS, NormName


def size(v: Tensor, norm: NormName) -> Tensor:
    return torch.linalg.vector_norm(v.flatten(1), ord=1 if norm == "l1" else 2, dim=1)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_projection_is_the_nearest_point_of_the_ball(norm: NormName) -> None:
    v = torch.randn(4, 2, 3, generator=generator(0)).double() * torch.tensor([0.01, 1, 3, 100]).view(4, 1, 1)
    p = PROJECTIONS[norm](v, 2.0)
    assert (size(p, norm) <= 2 + 1e-9).all()
    torch.testing.assert_close(p[0], v[0])  # within it already
    others = torch.randn(500, 4, 2, 3, generator=generator(1)).double()
    others = 2 * others / size(others.flatten(0, 1), norm).view(500, 4, 1, 1)
    # the angle between v - p and q - p is obtuse for each point q of a convex set, and only at its projection
    assert (((v - p) * (others - p)).sum((2, 3)) <= 1e-9).all()
