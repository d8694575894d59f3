"""The Gaussian that weights of fitted networks are samples of: what Algorithm 1 of CS-DIP tends to."""

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
    """mu (L,) and a diagonal Sigma (L, L) of Q fits, in float64: Algorithm 1 of CS-DIP with T and then S to infinity.

    Van Veen et al. 2018: T times, one of the fits is drawn and S of its weights of each layer, as rows of M (L, S);
    mu_t = M 1 / S and Sigma_t = M M^T / S - mu_t mu_t^T are averaged over t (their code: T = 2500, S = 64). That is

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
