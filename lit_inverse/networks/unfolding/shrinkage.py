"""Thresholding of coefficients: soft, with support selection, and the trained thresholds of all layers."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.logarithms import Logarithms


def soft(z: Tensor, theta: Tensor) -> Tensor:
    """sign(z) max(|z| - theta, 0), theta >= 0."""
    return _shrink(z, theta, None)


def select_support(z: Tensor, theta: Tensor, k: int) -> Tensor:
    """Soft thresholding which leaves the k largest entries of each row that exceed theta as they are.

    Chen et al. 2018 (LISTA-CPSS); Scarlett et al. 2022, eq. 44. Which entries are left is not differentiated. Of
    entries of equal size at the k-th place all are left.

    Args:
        z: (B, n).
        theta: (), (n,) or (B, 1).
        k: from 0 to n.
    """
    if k == 0:
        return soft(z, theta)
    size = z.detach().abs()
    return _shrink(z, theta, size >= _largest(size, k))


def select_supports(z: Tensor, theta: Tensor, k: Tensor) -> Tensor:
    """The same with a k of its own, (B, 1), for each row."""
    size = z.detach().abs()
    ascending = torch.from_numpy(np.sort(size.numpy(), 1)) if size.is_cpu else size.sort(1).values
    kth = ascending.gather(1, (size.shape[1] - k).clamp_max(size.shape[1] - 1))
    return _shrink(z, theta, (size >= kth) & (k > 0))


def _largest(size: Tensor, k: int) -> Tensor:
    """The k-th largest entry of each row, (B, 1)."""
    if not size.is_cpu:
        return size.topk(k, 1).values[:, -1:]
    place = size.shape[1] - k
    return torch.from_numpy(np.partition(size.numpy(), place, 1)[:, place : place + 1])  # ten times as fast as topk


def _shrink(z: Tensor, theta: Tensor, left: Tensor | None) -> Tensor:
    shrunk: Tensor = _Shrink.apply(z, theta, left)[0]
    return shrunk


class _Shrink(torch.autograd.Function):
    """z brought nearer to 0 by theta, but left as it is where it exceeds theta and `left` says so.

    Autograd's own way through a clamp by tensors has several times as many passes.
    """

    @staticmethod
    def forward(z: Tensor, theta: Tensor, left: Tensor | None) -> tuple[Tensor, Tensor]:
        taken = torch.clamp(z, -theta, theta)
        if left is not None:
            taken = taken.masked_fill(left & (taken != z), 0)
        return z - taken, taken

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.theta_shape = inputs[1].shape
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*output)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, Tensor | None, None]:
        shrunk, taken = ctx.saved_tensors
        grad_z = grad * (shrunk != 0)
        grad_theta = (grad_z * taken.sign()).neg().sum_to_size(ctx.theta_shape) if ctx.needs_input_grad[1] else None
        return grad_z, grad_theta, None


def n_selected(n: int, n_layers: int, p: float, p_max: float) -> list[int]:
    """Entries of n that layers t = 0, 1, ... select: round(n p_t / 100), p_t = min(p (t + 1), p_max) per cent.

    Scarlett et al. 2022, eq. 45, and the code of Chen et al. 2018, whose first layer has p.

    Raises:
        ValueError: when a percentage is impossible.
    """
    if not (0 <= p <= 100 and 0 <= p_max <= 100):
        raise ValueError(f"p is {p} and p_max {p_max}, expected per cent from 0 to 100")
    return [round(n * min(p * (t + 1), p_max) / 100) for t in range(n_layers)]


class Shrinkage(nn.Module):
    """Psi_t, thresholding with a trained theta_t > 0 and the support selection of layer t = 0, 1, ....

    exp(log_theta) is theta, so that it stays positive and steps are relative.

    Args:
        n: number of unknowns.
        n_layers: T.
        p: per cent of the entries that each layer selects more than the one before; 0 for no selection.
        p_max: largest per cent of entries selected.
        vector: one threshold per entry.
        shared: the same thresholds in all layers.

    Raises:
        ValueError: when a percentage is impossible.
    """

    def __init__(
        self, n: int, n_layers: int, p: float = 0.0, p_max: float = 0.0, vector: bool = False, shared: bool = False
    ) -> None:
        super().__init__()
        self.selected = n_selected(n, n_layers, p, p_max)
        shape = (n,) if vector else ()
        self.log_theta = Logarithms(nn.Parameter(torch.zeros(shape)) for _ in range(1 if shared else n_layers))
        self.set(0.8, 0.7)  # near the best for ALISTA on Bernoulli(.1)-Gaussian x, m = 250, n = 500

    def set(self, theta: float, ratio: float = 1.0) -> None:
        """theta_t = theta ratio^t."""
        with torch.no_grad():
            for t, log_theta in enumerate(self.log_theta):
                log_theta.fill_(math.log(theta) + t * math.log(ratio))

    def theta(self, t: int) -> Tensor:
        """theta_t, () or (n,)."""
        log_theta: Tensor = self.log_theta[min(t, len(self.log_theta) - 1)]
        return log_theta.exp()

    def forward(self, z: Tensor, t: int) -> Tensor:
        """Psi_t(z) for z (B, n)."""
        return select_support(z, self.theta(t), self.selected[t])
