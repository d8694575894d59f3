"""What unfolded networks are trained to make small."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator

LossName = Literal["log_nmse", "squared_error", "lasso"]


def nmse_db(x_hat: Tensor, x: Tensor) -> Tensor:
    """10 log10(sum_i ||x_hat_i - x_i||^2 / sum_i ||x_i||^2) over a batch, (): the aggregate NMSE in dB."""
    tiny = torch.finfo(x.dtype).tiny
    ratio: Tensor = (x_hat - x).square().sum() / x.square().sum().clamp_min(tiny)
    return 10 * ratio.clamp_min(tiny).log10()


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean over the batch of ||x_hat - x||^2 / 2, ()."""
    return (x_hat - x).square().flatten(1).sum(1).mean() / 2


def lasso(x_hat: Tensor, y: Tensor, operator: LinearOperator, lam: float) -> Tensor:
    """Mean over the batch of ||A x_hat - y||^2 / 2 + lam ||x_hat||_1, (), which no x is needed for."""
    misfit = (operator(x_hat) - y).square().flatten(1).sum(1) / 2
    objective: Tensor = (misfit + lam * x_hat.abs().flatten(1).sum(1)).mean()
    return objective
