from typing import Any

import numpy as np
import pytest
import torch
from kspace_slices import small_varnet
from torch import Tensor

from lit_inverse.lit_modules import SelfSupervision
from lit_inverse.networks import ReconstructionNetwork
from lit_inverse.operators import CartesianFourier, Fourier, masks
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


@pytest.mark.parametrize(("rho", "center"), [(0.1, 4), (0.4, 4), (0.8, 4), (0.1, None), (0.6, None)])
def test_theta_and_lambda_partition_omega(rho: float, center: int | None) -> None:
    omega = masks.cartesian((40, 48), 3, 0.1, seed=1)
    theta, held = SelfSupervision(rho, center=center).split(omega, 2)
    assert torch.equal(theta | held, omega)
    assert not (theta & held).any()
    assert int(held.sum()) == round(rho * int(omega.sum()))
    assert theta[:, 22:26].all() == (center is None)
    assert theta[18:22, 22:26].all()
    again, other = (SelfSupervision(rho, center=center).split(omega, seed)[1] for seed in (2, 3))
    assert torch.equal(again, held)
    assert not torch.equal(other, held)


def test_lambda_may_be_whole_columns() -> None:
    omega = masks.cartesian((40, 48), 3, 0.1, seed=1)
    theta, held = SelfSupervision(0.4, center=None, held="columns").split(omega, 2)
    assert torch.equal(theta | held, omega)
    assert torch.equal(held, held.any(0).expand_as(held))
    assert not (theta & held).any()
    assert int(held.any(0).sum()) == round(0.4 * 16)
    assert theta[:, 22:26].all()


@pytest.mark.parametrize("seed", range(6))
def test_the_square_in_the_middle_stays_where_columns_are_held(seed: int) -> None:
    omega = masks.cartesian((40, 48), 3, 0.1, seed=1)
    theta, held = SelfSupervision(0.6, held="columns").split(omega, seed)
    assert theta[18:22, 22:26].all()
    assert torch.equal(theta | held, omega)
    assert not (theta & held).any()
    rows = torch.arange(40)
    outside = (rows < 18) | (rows >= 22)
    assert torch.equal(held[outside], held.any(0).expand(36, -1))  # all else of the columns
    assert int(held.any(0).sum()) == round(0.6 * 16)


def test_lambda_is_drawn_like_the_paper_by_a_gaussian_density() -> None:
    """Against draws of one point after the other, of which those outside and those drawn before are thrown away."""
    omega = torch.ones(12, 16, dtype=torch.bool)
    law, source = SelfSupervision(0.3, center=2), np.random.default_rng(0)
    ours = torch.stack([law.split(omega, seed)[1].float() for seed in range(1500)]).mean(0)
    expected = np.zeros((12, 16))
    density = np.exp(-8 * ((np.arange(12)[:, None] / 12 - 0.5) ** 2 + (np.arange(16) / 16 - 0.5) ** 2))
    density[5:7, 7:9] = 0
    for _ in range(1500):
        drawn = source.choice(12 * 16, size=58, replace=False, p=density.flatten() / density.sum())
        expected.flat[drawn] += 1 / 1500
    np.testing.assert_allclose(ours.numpy(), expected, atol=5 * np.sqrt(0.5 / 1500))


class Given(ReconstructionNetwork):
    """Remembers what it is given and answers with fixed images."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images = images
        self.seen: list[tuple[Tensor, Fourier]] = []

    def check(self, height: int, width: int) -> None: ...

    def forward(self, y: Tensor, operator: Fourier) -> Tensor:
        self.seen.append((y, operator))
        return self.images


def draws(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(sum(shape)), dtype=torch.complex128)


def test_loss_is_that_of_the_paper_and_the_network_sees_theta_alone() -> None:
    kspace, images, law = draws(2, 3, 16, 20), draws(2, 3, 16, 20) / 2, SelfSupervision()
    omega = CartesianFourier((3, 16, 20), 3, 0.2, seed=[1, 2]).mask
    network = Given(images)
    loss = law.loss(network, kspace, omega, [7, 8])
    ((y, operator),) = network.seen
    k_hat = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(images, dim=(-2, -1)), norm="ortho"), dim=(-2, -1))
    expected = []
    for i in range(2):
        theta, held = law.split(omega[i], 7 + i)
        assert torch.equal(operator.mask[i], theta)
        torch.testing.assert_close(y[i], kspace[i][:, theta])
        u, v = kspace[i][:, held], k_hat[i][:, held]
        expected.append((u - v).norm() / u.norm() + (u - v).abs().sum() / u.abs().sum())
    torch.testing.assert_close(loss, torch.stack(expected).mean())
    torch.testing.assert_close(law.loss(network, torch.where(omega[:, None], kspace, torch.nan), omega, [7, 8]), loss)


def test_black_slices_teach_nothing() -> None:
    kspace, images = draws(2, 3, 16, 20), draws(2, 3, 16, 20).requires_grad_()
    kspace[1] = 0
    omega = CartesianFourier((3, 16, 20), 3, 0.2, seed=[1, 2]).mask
    loss = SelfSupervision().loss(Given(images), kspace, omega, [7, 8])
    loss.backward()
    alone = SelfSupervision().loss(Given(images[:1].detach()), kspace[:1], omega[:1], [7])
    torch.testing.assert_close(loss.detach(), alone / 2)
    assert images.grad is not None
    assert images.grad[0].any()
    assert not images.grad[1].any()


def test_gradients_reach_all_weights() -> None:
    network = small_varnet().double()
    omega = CartesianFourier((2, 16, 20), 3, 0.2, seed=[1]).mask
    SelfSupervision().loss(network, draws(1, 2, 16, 20), omega, [1]).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rho": 1.0}, "rho is 1.0, expected 0 < rho < 1"),
        ({"spread": 0.0}, "spread is 0.0, expected a finite number > 0"),
        ({"center": 0}, "center is 0, expected at least 1"),
        ({"held": "rows"}, "held is 'rows', expected one of points, columns"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfSupervision(**settings)


def test_a_split_that_needs_the_middle_is_refused() -> None:
    with pytest.raises(
        ValueError, match="rho is 0.9, which gives Lambda 90 points, expected 1 to 84: the middle stays"
    ):
        SelfSupervision(0.9).split(torch.ones(10, 10, dtype=torch.bool), 0)
