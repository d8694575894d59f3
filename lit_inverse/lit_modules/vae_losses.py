"""The negative ELBO of a VAE."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.networks import VAE, ConvVAE


def cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """-log p(x | z) of Bernoulli pixels with these logits, summed over the pixels; (B, ...) to (B,).

    Grey pixels count as means of such pixels, as in mnist-vae: a loss then, not the likelihood of grey values.
    """
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, diag(exp(log_var))) || N(0, I)) in nats (Kingma & Welling 2014, App. B); (B, k) to (B,)."""
    return 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(1)


def negative_elbo(vae: VAE | ConvVAE, x: Tensor, source: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Cross-entropy at one reparametrised z per image, and KL divergence, in nats: each (B,).

    Args:
        vae: the network.
        x: (B, *in_shape) in [0, 1].
        source: CPU generator of z; torch's global one by default.
    """
    mu, log_var = vae.encode(x)
    epsilon = torch.randn(mu.shape, generator=source, dtype=torch.float32).to(mu)
    z = mu + (log_var / 2).exp() * epsilon
    return cross_entropy(vae.logits(z), x), kl_to_standard_normal(mu, log_var)
