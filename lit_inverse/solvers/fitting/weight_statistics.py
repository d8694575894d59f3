"""The Gaussian that weights of fitted networks are samples of: Algorithm 1 of CS-DIP, and its limit."""

from collections.abc import Sequence

import torch
from torch import Tensor

Weights = Sequence[Tensor]  # the L parameter tensors ("layers") of one fitted network, in the order of its parameters


def layer_moments(weights: Weights) -> tuple[Tensor, Tensor]:
    """Mean and variance (divided by the number of weights) of each layer of one network, (L,) in float64."""
    layers = [layer.detach().double().flatten() for layer in weights]
    means, variances = (torch.stack(values) for values in zip(*map(_moments, layers), strict=True))
    return means, variances


def _moments(layer: Tensor) -> tuple[Tensor, Tensor]:
    return layer.mean(), layer.var(correction=0)


def limit(fits: Sequence[Weights]) -> tuple[Tensor, Tensor]:
    """What `algorithm_1` tends to with T and then S: mu (L,) and a diagonal Sigma (L, L), in float64.

        mu_l = mean_q wbar_ql,    Sigma_ll = mean_q Var_i(w_qli),    Sigma_kl = 0 for k != l,

    with wbar_ql the mean and Var_i the variance of the weights of layer l in fit q. For given q the S entries v_l of a
    row of M are independent draws of mean wbar_ql and variance Var_i(w_qli), and independent of other rows. So

        E[Sigma_t,ll | q] = E[v_l^2] - E[mu_t,l^2] = (1 - 1/S) Var_i(w_qli),
        E[Sigma_t,kl | q] = wbar_qk wbar_ql - wbar_qk wbar_ql = 0.

    The independence across layers that the paper assumes is thus what its algorithm finds. As the mean is taken off
    within each fit, how the layers' means differ between fits is not in Sigma: the variance of all Q fits' weights
    together has var_q(wbar_ql) besides.
    """
    means, variances = (torch.stack(values) for values in zip(*map(layer_moments, fits), strict=True))
    return means.mean(0), variances.mean(0).diag()


def algorithm_1(fits: Sequence[Weights], n_iter: int, n_samples: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """mu (L,) and Sigma (L, L), float64, of Q fits, sampled: Van Veen et al. 2018 (CS-DIP), Algorithm 1.

    T times, one of the fits is drawn and S of its weights of each layer, with replacement, as rows of M (L, S); then

        mu_t = M 1 / S,    Sigma_t = M M^T / S - mu_t mu_t^T,

    which are averaged over t. The authors' code has T = 2500 and S = 64. (It takes all 64 weights of a batch norm, in
    their order, which leaves covariances between such layers; the paper keeps the diagonal of Sigma only.)

    Args:
        fits: of networks of one architecture.
        n_iter: T.
        n_samples: S.
        source: CPU generator.
    """
    layers = [[layer.detach().double().flatten().cpu() for layer in weights] for weights in fits]
    mu, covariance = torch.zeros(len(layers[0]), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for _ in range(n_iter):
        chosen = layers[int(torch.randint(len(layers), (), generator=source))]
        drawn = torch.stack([layer[torch.randint(len(layer), (n_samples,), generator=source)] for layer in chosen])
        mu_t = drawn.mean(1)
        mu = mu + mu_t / n_iter
        covariance = covariance + (drawn @ drawn.T / n_samples - mu_t.outer(mu_t)) / n_iter
    return mu, covariance
