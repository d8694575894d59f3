import torch
from torch import Tensor

from lit_inverse.seeding import generator
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.quasi_newton import LBFGS


def rosenbrock(point: Point) -> Tensor:
    (z,) = point
    return (100 * (z[:, 1:] - z[:, :-1].square()).square() + (1 - z[:, :-1]).square()).sum(1)


def test_lbfgs_finds_the_minimum_of_rosenbrock() -> None:
    z = 1 + 0.5 * torch.randn(5, 4, generator=generator(0)).double()
    paths = follow((z,), rosenbrock, LBFGS(rosenbrock, first_length=1.0), 150)
    torch.testing.assert_close(paths.last[0], torch.ones_like(z), rtol=0, atol=1e-6)
    assert (paths.losses.diff(dim=0) <= 0).all()


def test_lbfgs_of_one_search_does_not_depend_on_the_others() -> None:
    z = 2 * torch.randn(4, 3, generator=generator(1)).double()
    together = follow((z,), rosenbrock, LBFGS(rosenbrock, 1.0), 30).last[0]
    for i in range(4):
        alone = follow((z[i : i + 1],), rosenbrock, LBFGS(rosenbrock, 1.0), 30).last[0]
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-8)


def test_lbfgs_stays_where_it_can_not_descend() -> None:
    z = torch.ones(2, 3).double()
    assert torch.equal(follow((z,), rosenbrock, LBFGS(rosenbrock, 1.0), 3).last[0], z)
