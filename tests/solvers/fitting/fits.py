"""Fits that tests of their parts share."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from lit_inverse.networks import ImageGenerator
from lit_inverse.operators import Gaussian, Identity, Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import SGD, Descent, Ensemble, FixedInput, Iterate, Known, Objective, SquaredError
from lit_inverse.solvers.fitting.stopping import StoppingRule

SHAPE = (1, 4, 4)


class Small(ImageGenerator):
    """Two smooth layers, 8 to 6 to 16."""

    def __init__(self, out_shape: tuple[int, ...] = SHAPE) -> None:
        super().__init__()
        self.out_shape, self.latent_shape = out_shape, (8,)
        self.first, self.last = skip_init(nn.Linear, 8, 6), skip_init(nn.Linear, 6, 16)

    def forward(self, z: Tensor) -> Tensor:
        return self.last(torch.tanh(self.first(z))).view(-1, *self.out_shape)


def data(n_fits: int, operator: Operator | None = None, sigma: float = 0.1) -> Known:
    operator = Identity(SHAPE) if operator is None else operator
    y = torch.randn(n_fits, *operator.out_shape, generator=generator(3), dtype=torch.float64)
    return Known(y, operator, torch.full((n_fits,), sigma, dtype=torch.float64), list(range(n_fits)))


def descent(known: Known, **options: Any) -> Descent:
    """F small networks with different weights."""
    n_fits, source = len(known.y), generator(1)
    network = Small().double()
    weights = [
        [0.5 * torch.randn(p.shape, generator=source, dtype=torch.float64) for p in network.parameters()]
        for _ in range(n_fits)
    ]
    z = torch.randn(n_fits, 8, generator=generator(2), dtype=torch.float64)
    parts: dict[str, Any] = {"input": FixedInput(), "optimizer": SGD(0.0), "lr": 1e-2}
    parts["objective"] = Objective(SquaredError(), None)
    return Descent(Ensemble(network, weights), z, data=known, **{**parts, **options})


def watch_scores(rule: StoppingRule, objectives: Tensor, images: Tensor) -> tuple[Tensor, Tensor | None]:
    """Shows a rule iterates of given objectives (iterations, F) and images (iterations, F, n).

    Returns:
        The chosen numbers (F,), and the numbers (F,) of the iterates the fits end with, -1 for none.
    """
    n_iter, n_fits = objectives.shape
    watch = rule.start(descent(data(n_fits, Gaussian(SHAPE, 3, 0).double())), n_iter)
    chosen = torch.full((n_fits,), -1)
    ended = torch.full((n_fits,), -1)
    ends = False
    for number in range(n_iter):
        decision = watch.see(Iterate(number, images[number], torch.zeros(n_fits, 3), objectives[number]))
        going_on = ended < 0
        chosen = torch.where(decision.better & going_on, number, chosen)
        if decision.done is not None:
            ends = True
            ended = torch.where(decision.done & going_on, number, ended)
    return chosen, ended if ends else None
