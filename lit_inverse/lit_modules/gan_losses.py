"""Losses of generative adversarial networks, on what the discriminator says, D(x) and D(G(z)), each (B,)."""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.operators.items import column

LossName = Literal["non_saturating", "hinge", "wgan_gp"]


def discriminator_loss(name: LossName, real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises, without the gradient penalty of "wgan_gp".

    - "non_saturating": -log s(D(x)) - log(1 - s(D(G(z)))), s the logistic function (Goodfellow et al. 2014, Eq. 1).
    - "hinge": max(0, 1 - D(x)) + max(0, 1 + D(G(z))) (Miyato et al. 2018, Eq. 16).
    - "wgan_gp": D(G(z)) - D(x) (Gulrajani et al. 2017, Eq. 3).

    Args:
        name: which loss.
        real: D(x).
        fake: D(G(z)).

    Returns:
        The mean over both batches, ().
    """
    if name == "non_saturating":
        return F.softplus(-real).mean() + F.softplus(fake).mean()
    if name == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return fake.mean() - real.mean()


def generator_loss(name: LossName, fake: Tensor) -> Tensor:
    """The generator's: -log s(D(G(z))) (Goodfellow et al. 2014, Sec. 3) or else -D(G(z)), in the mean, ()."""
    return F.softplus(-fake).mean() if name == "non_saturating" else -fake.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    """The mean of (||grad D(x_e)||_2 - 1)^2 at x_e = e x + (1 - e) G(z) (Gulrajani et al. 2017, Eq. 3), ().

    Args:
        critic: D, which must treat each image by itself.
        real: x, (B, C, H, W).
        fake: G(z), of the same shape.
        epsilon: e in [0, 1], (B,).
    """
    between = torch.lerp(fake.detach(), real, column(epsilon, real)).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norms - 1).square().mean()
