"""Until the iterates, which have come to rest at the image, begin to move towards the noise."""

import math

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import Decision, Lowest, StoppingRule, Watch


class WindowedMovingVariance(StoppingRule):
    """ES-WMV: the answer is the iterate x_k of smallest variance over the window that it closes,

        VAR_k = 1/W sum_{i = k-W+1}^{k} ||x_i - mean of the window||^2;

    a fit ends when `patience` iterates brought no smaller one. Wang et al. 2021 (arXiv 2112.06074), Alg. 1, with their
    W and patience. It keeps W images per fit; `ExponentialMovingVariance` keeps one.

    Args:
        window: W, at least 2.
        patience: iterates without a smaller variance.
    """

    def __init__(self, window: int = 100, patience: int = 1000) -> None:
        at_least_1(patience=patience)
        if window < 2:
            raise ValueError(f"window is {window}, expected at least 2")
        self.window, self.patience = window, patience

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Windowed(self.window, Lowest(descent.data.sigma, self.patience))


class _Windowed(Watch):
    images: Tensor  # (F, W, n), the window as a ring
    mean: Tensor  # (F, n)
    squares: Tensor  # (F,), W times the variance

    def __init__(self, window: int, lowest: Lowest) -> None:
        self.window, self.lowest = window, lowest

    def see(self, iterate: Iterate) -> Decision:
        x, number = iterate.x.flatten(1), iterate.number
        if number == 0:
            self.images = x.new_zeros(len(x), self.window, x.shape[1])
        place = number % self.window
        if number < self.window - 1:
            self.images[:, place] = x
            nothing = torch.zeros_like(iterate.objective, dtype=torch.bool)
            return Decision(torch.isfinite(iterate.objective), nothing)  # the last one, until there is a variance
        # every W iterates from scratch, in between by updates, whose rounding would add up
        if place == self.window - 1:
            self.images[:, place] = x
            self.mean = self.images.mean(1)
            self.squares = (self.images - self.mean[:, None]).square().sum((1, 2))
        else:
            old, last_mean = self.images[:, place].clone(), self.mean
            self.images[:, place] = x
            self.mean = last_mean + (x - old) / self.window
            self.squares = self.squares + ((x - old) * (x - self.mean + old - last_mean)).sum(1)
        return self.lowest.see(self.squares / self.window)


class ExponentialMovingVariance(StoppingRule):
    """ES-EMV: as ES-WMV, with a variance of exponentially decreasing weights, which keeps one image per fit,

        var_k = (1 - alpha) (var_{k-1} + alpha ||x_k - mean_{k-1}||^2),  mean_k = (1 - alpha) mean_{k-1} + alpha x_k.

    Wang et al. 2021 (arXiv 2112.06074), Alg. 2, with alpha and patience of their code, whose figures are of mean_k:
    `ExponentialAverage` with decay 1 - alpha. mean_0 = x_0 and var_0 = 0 are arbitrary and the first minima early: as
    in their code, iterates before number 10 / alpha are no answers.

    Args:
        alpha: in (0, 1).
        patience: iterates without a smaller variance.
    """

    def __init__(self, alpha: float = 0.1, patience: int = 1000) -> None:
        at_least_1(patience=patience)
        if not 0 < alpha < 1:
            raise ValueError(f"alpha is {alpha}, expected 0 < alpha < 1")
        self.alpha, self.patience = alpha, patience

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Exponential(self.alpha, Lowest(descent.data.sigma, self.patience))


class _Exponential(Watch):
    mean: Tensor  # (F, *in_shape)
    variance: Tensor  # (F,)

    def __init__(self, alpha: float, lowest: Lowest) -> None:
        self.alpha, self.lowest = alpha, lowest
        self.first = math.ceil(10 / alpha)

    def see(self, iterate: Iterate) -> Decision:
        if iterate.number == 0:
            self.mean, self.variance = torch.nan_to_num(iterate.x), torch.zeros_like(iterate.objective)
        step = iterate.x - self.mean
        step = torch.where(torch.isfinite(step), step, 0)  # one that is rolled back must not stay in the mean
        self.variance = (1 - self.alpha) * (self.variance + self.alpha * step.flatten(1).square().sum(1))
        self.mean = self.mean + self.alpha * step
        if iterate.number < self.first:
            nothing = torch.zeros_like(iterate.objective, dtype=torch.bool)
            return Decision(torch.isfinite(iterate.objective), nothing)  # the last one, until there is a variance
        return self.lowest.see(self.variance)
