"""Losses against their formulas in numpy."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lit_inverse.lit_modules.gan_losses import discriminator_loss, generator_loss, gradient_penalty
from lit_inverse.seeding import generator


def randn(*shape: int) -> Tensor:
    return 3 * torch.randn(*shape, generator=generator(sum(shape)), dtype=torch.float64)


def logistic(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


EXPECTED: dict[str, Any] = {
    "non_saturating": (
        lambda real, fake: -np.log(logistic(real)).mean() - np.log(1 - logistic(fake)).mean(),
        lambda fake: -np.log(logistic(fake)).mean(),
    ),
    "hinge": (
        lambda real, fake: np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean(),
        lambda fake: -fake.mean(),
    ),
    "wgan_gp": (lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean()),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_losses_are_their_formulas(name: Any) -> None:
    real, fake = randn(7), randn(5)
    of_d, of_g = EXPECTED[name]
    assert float(discriminator_loss(name, real, fake)) == pytest.approx(of_d(real.numpy(), fake.numpy()), rel=1e-12)
    assert float(generator_loss(name, fake)) == pytest.approx(of_g(fake.numpy()), rel=1e-12)


def test_non_saturating_losses_stay_finite() -> None:
    extreme = torch.tensor([-1e4, 1e4])
    assert discriminator_loss("non_saturating", extreme, extreme) == 1e4
    assert generator_loss("non_saturating", extreme) == 5e3


def test_the_penalty_of_a_linear_critic_is_that_of_its_slope() -> None:
    w = randn(1, 4, 4).requires_grad_()
    real, fake, epsilon = randn(6, 1, 4, 4), randn(5, 1, 4, 4)[[0, 1, 2, 3, 4, 0]], torch.rand(6, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: (w * x).flatten(1).sum(1), real, fake, epsilon)
    norm = w.detach().norm()
    assert float(penalty) == pytest.approx(float((norm - 1) ** 2), rel=1e-12)
    (gradient,) = torch.autograd.grad(penalty, w)
    torch.testing.assert_close(gradient, 2 * (norm - 1) * w.detach() / norm)


def test_the_penalty_is_taken_between_real_and_fake_with_an_own_weight_per_image() -> None:
    real, fake = randn(3, 2), randn(2, 3).T.contiguous()
    epsilon = torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64)
    penalty = gradient_penalty(lambda x: x.square().sum(1) / 2, real, fake, epsilon)  # its gradient is x
    between = epsilon[:, None] * real + (1 - epsilon[:, None]) * fake
    assert float(penalty) == pytest.approx(float((between.norm(dim=1) - 1).square().mean()), rel=1e-12)
