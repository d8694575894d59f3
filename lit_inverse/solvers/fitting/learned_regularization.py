"""CS-DIP's learned regularization: weights are drawn to where those of earlier fits lay."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.checkpoints import CheckpointPath, read
from lit_inverse.settings import not_negative, one_of
from lit_inverse.solvers.fitting.ensemble import Ensemble
from lit_inverse.solvers.fitting.regularizers import Regularizer

Form = Literal["per_weight", "layer_mean"]


class LearnedRegularization(Regularizer):
    """A Gaussian on the weights of each of the L parameter tensors ("layers"), of mean mu_l and covariance Sigma,

        per_weight:  weight sum_l sum_i (w_li - mu_l)^2 / Sigma_ll,
        layer_mean:  weight (wbar - mu)^T Sigma^-1 (wbar - mu),  wbar_l the mean of layer l.

    Van Veen et al. 2018 (CS-DIP), Sec. 3.2: the first is the paper's, which keeps the diagonal of Sigma only, the
    second that of the authors' code. Layers are in the order of the network's parameters. Both have the same Sigma,
    that of single weights (`weight_statistics`): of d_l independent weights the mean would have Sigma_ll / d_l, so
    that layer_mean lets the means go sqrt(d_l) times as far as that prior does. With s_l^2 the variance in layer l,

        sum_i (w_li - mu_l)^2 = d_l (wbar_l - mu_l)^2 + d_l s_l^2:

    per_weight also shrinks the spread of all weights, and is about `weight` times their number where fits end.

    Args:
        statistics: checkpoint whose state_dict holds mu (L,) and covariance (L, L).
        weight: 100 in the paper (lambda_L).
        form: of the two.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged, holds no such tensors or a covariance that is not positive definite, or a number
            is impossible; at a fit, when the network has another number of layers.
    """

    def __init__(self, statistics: CheckpointPath, weight: float = 100.0, form: Form = "per_weight") -> None:
        not_negative(weight=weight)
        one_of(Form, form=form)
        held = read(statistics)["state_dict"]
        if not {"mu", "covariance"} <= set(held):
            raise ValueError(f"checkpoint {statistics} holds {sorted(held)}, expected mu (L,) and covariance (L, L)")
        mu, covariance = held["mu"].double(), held["covariance"].double()
        if covariance.shape != (len(mu), len(mu)) or torch.linalg.cholesky_ex(covariance).info:
            raise ValueError(
                f"checkpoint {statistics} has a covariance of shape {tuple(covariance.shape)} for {len(mu)} layers, "
                "expected a positive definite one of (L, L)"
            )
        self.weight, self.form = weight, form
        self.mu: list[float] = mu.tolist()
        self.variances: list[float] = covariance.diagonal().tolist()
        with torch.inference_mode(False):  # gradients pass what it multiplies
            self.precision = torch.linalg.inv(covariance.clone())

    def __call__(self, x: Tensor, networks: Ensemble) -> Tensor:
        layers = [weights.flatten(1) for weights in networks.weights]
        if len(layers) != len(self.mu):
            raise ValueError(f"the network has {len(layers)} layers, expected {len(self.mu)} as in the statistics")
        if self.form == "layer_mean":
            self.precision = self.precision.to(x.device)  # once, not in each iteration
            deviations = [layer.mean(1) - mu for layer, mu in zip(layers, self.mu, strict=True)]
            deviation = torch.stack(deviations, 1)
            total: Tensor = (deviation @ self.precision.to(x.dtype) * deviation).sum(1)
        else:
            parts = zip(layers, self.mu, self.variances, strict=True)
            total = torch.stack([(layer - mu).square().sum(1) / variance for layer, mu, variance in parts]).sum(0)
        return self.weight * total
