"""How far A x is from y: the data terms of a fit."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.settings import one_of, positive

Reduction = Literal["sum", "mean"]


class DataTerm(ABC):
    """A distance of each A x from its y.

    Args:
        reduction: "sum" over the measurements, or their "mean". In a mean the regularizers weigh m times as much.
    """

    def __init__(self, reduction: Reduction = "sum") -> None:
        one_of(Reduction, reduction=reduction)
        self.reduction = reduction

    def __call__(self, prediction: Tensor, y: Tensor, used: Tensor | None = None) -> Tensor:
        """The distances (F,).

        Args:
            prediction: A x, (F, *out_shape).
            y: (F, *out_shape).
            used: bool (F, *out_shape), the measurements that count; None for all.
        """
        entries = self.entries(prediction, y)
        if used is not None:
            entries = torch.where(used.view(*used.shape, *[1] * (entries.ndim - used.ndim)), entries, 0)
        total = entries.flatten(1).sum(1)
        if self.reduction == "sum":
            return total
        return total / (y[0].numel() if used is None else used.flatten(1).sum(1))

    def check(self, y: Tensor) -> None:  # noqa: B027
        """Refuses, with a ValueError, measurements the term is not defined for."""

    @abstractmethod
    def entries(self, prediction: Tensor, y: Tensor) -> Tensor:
        """The term of each measurement, (F, *out_shape), or (F, *out_shape, 2) in two parts."""


class SquaredError(DataTerm):
    """||A x - y||^2, or its mean over the m measurements; of complex ones the squared magnitudes."""

    def entries(self, prediction: Tensor, y: Tensor) -> Tensor:
        residual = prediction - y
        if residual.is_complex():
            residual = torch.view_as_real(residual)
        return residual.square()


class AbsoluteError(DataTerm):
    """||A x - y||_1, for measurements with outliers; of complex ones the magnitudes."""

    def entries(self, prediction: Tensor, y: Tensor) -> Tensor:
        return (prediction - y).abs()


class PoissonLikelihood(DataTerm):
    """The negative log-likelihood of photon counts y / gain, y_i = gain Poisson((A x)_i / gain), up to a constant:

        sum_i [(A x)_i - y_i + y_i log(y_i / (A x)_i)] / gain,

    which is 0 where A x = y. It needs y >= 0, hence networks of images >= 0: data of another range than theirs is
    shifted, and is then no count any more.

    Args:
        gain: value of y that one photon counts for, as in `lit_inverse.noise.Poisson`.
        floor: share of the mean of y below which A x counts as this share.
        reduction: "sum" over the measurements, or their "mean".

    Raises:
        ValueError: when gain or floor is not positive; at a fit, when y is complex or has negative entries.
    """

    def __init__(self, gain: float = 1.0, floor: float = 1e-3, reduction: Reduction = "sum") -> None:
        super().__init__(reduction)
        positive(gain=gain, floor=floor)
        self.gain, self.floor = gain, floor

    def check(self, y: Tensor) -> None:
        if y.is_complex() or y.min() < 0:
            raise ValueError(
                "a Poisson likelihood needs real y >= 0, got complex or negative entries: take a network and a "
                "value_range from 0, and an A without negative entries"
            )

    def entries(self, prediction: Tensor, y: Tensor) -> Tensor:
        mean = column(y.flatten(1).mean(1), y)
        rate = torch.maximum(prediction, self.floor * mean).clamp_min(torch.finfo(y.dtype).tiny)  # y may be 0
        return (rate - y + torch.xlogy(y, y / rate)) / self.gain
