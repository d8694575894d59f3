"""One update after the other of several fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.fitting.data_terms import DataTerm
from lit_inverse.solvers.fitting.ensemble import Ensemble
from lit_inverse.solvers.fitting.inputs import Input
from lit_inverse.solvers.fitting.optimizers import Optimizer
from lit_inverse.solvers.fitting.regularizers import Regularizer


@dataclass(frozen=True)
class Known:
    """What F fits know.

    Attributes:
        y: (F, *out_shape).
        operator: A, shared or one per fit.
        sigma: (F,), of the noise.
        seeds: one per fit, for what is drawn beside z and the first weights.
        used: bool (F, *out_shape), the measurements that are fitted; None for all.
    """

    y: Tensor
    operator: Operator
    sigma: Tensor
    seeds: Sequence[int]
    used: Tensor | None = None

    def take(self, index: Tensor) -> "Known":
        used = None if self.used is None else self.used[index]
        seeds = [self.seeds[i] for i in index.tolist()]
        return Known(self.y[index], self.operator.take(index), self.sigma[index], seeds, used)


@dataclass(frozen=True)
class Objective:
    """data_term(A x, y) + regularizer(x, theta)."""

    data_term: DataTerm
    regularizer: Regularizer | None

    def __call__(self, x: Tensor, prediction: Tensor, data: Known, networks: Ensemble) -> Tensor:
        distance = self.data_term(prediction, data.y, data.used)
        return distance if self.regularizer is None else distance + self.regularizer(x, networks)


@dataclass(frozen=True)
class Iterate:
    """Iterate `number` of F fits: x (F, *in_shape), prediction A x (F, *out_shape), objective (F,)."""

    number: int
    x: Tensor
    prediction: Tensor
    objective: Tensor


class Descent:
    """F fits advanced together; nothing couples them, for the gradient of a sum is each summand's own.

    Args:
        networks: of the fits, with their first weights.
        z: (F, *latent_shape).
        input: what is made of z in each iteration.
        data: what is known.
        objective: what is minimised.
        optimizer: the law of the updates.
        lr: their step size.
        share: what share of it update k takes.

    Attributes:
        number: of the next iterate.
    """

    def __init__(
        self,
        networks: Ensemble,
        z: Tensor,
        input: Input,
        data: Known,
        objective: Objective,
        optimizer: Optimizer,
        lr: float,
        share: Callable[[int], float] = lambda number: 1.0,
    ) -> None:
        self.networks, self.z, self.input, self.data = networks, z, input, data
        self.objective, self.optimizer, self.lr, self.share = objective, optimizer, lr, share
        self.state = optimizer.start(networks.parameters)
        self.rate: Tensor | None = None  # (F,), what the updates are multiplied by
        self._feed = input.start(z, data.seeds)
        self.number = 0
        self._gradients: Sequence[Tensor] = []

    def step(self) -> Iterate:
        """The present iterate; after it all weights are updated."""
        x = self.networks(self._feed())
        prediction = self.data.operator(x)
        objective = self.objective(x, prediction, self.data, self.networks)
        # bound to a name that keeps the last gradients until the next exist: their memory is then used in turns
        self._gradients = torch.autograd.grad(objective.sum(), self.networks.parameters)
        iterate = Iterate(self.number, x.detach(), prediction.detach(), objective.detach())
        lr = self.lr * self.share(self.number)
        self.number += 1
        if self.rate is None:
            self.optimizer.step(self.networks.parameters, self._gradients, self.state, lr)
        else:
            self._scaled_step(lr, self.rate)
        return iterate

    @torch.no_grad()
    def _scaled_step(self, lr: float, rate: Tensor) -> None:
        before = [parameter.clone() for parameter in self.networks.parameters]
        self.optimizer.step(self.networks.parameters, self._gradients, self.state, lr)
        for old, new in zip(before, self.networks.parameters, strict=True):
            new.copy_(old + self.per_fit(rate, new) * (new - old))

    def per_fit(self, values: Tensor, parameter: Tensor) -> Tensor:
        """values (F,) in a shape that multiplies a parameter of all fits."""
        return column(values, parameter) if self.networks.stacked else values[0]

    def fork(self, y: Tensor | None = None, used: Tensor | None = None) -> "Descent":
        """Another descent from the present weights, with an optimizer and inputs that begin anew."""
        data = replace(self.data, y=self.data.y if y is None else y, used=used)
        parts = self.input, data, self.objective, self.optimizer, self.lr, self.share
        return Descent(self.networks.copy(), self.z, *parts)

    def select(self, index: Tensor) -> None:
        """Keeps the fits of these numbers, of several."""
        self.networks.select(index)
        self._feed.select(index)
        self._gradients = []
        self.z, self.data = self.z[index], self.data.take(index)
        self.state = [[tensor[index] if tensor.ndim else tensor for tensor in tensors] for tensors in self.state]
        self.rate = None if self.rate is None else self.rate[index]
