"""Which iterate of a fit is the answer: the one of smallest objective among the last."""

import torch
from torch import Tensor


class ExitWindow:
    """Keeps, per fit, the iterate of smallest objective among those from `start` on.

    A fit whose objective has become infinite or NaN by then keeps its best finite iterate from before. All is done
    on the device, without synchronisation.

    Args:
        start: number of the first iterate of the window.
    """

    x: Tensor  # (F, *in_shape)
    objective: Tensor  # (F,)

    def __init__(self, start: int) -> None:
        self.start = start

    def record(self, number: int, x: Tensor, objective: Tensor) -> None:
        """Takes iterate `number`, x (F, *in_shape) with its objective (F,), before the next update."""
        if number == 0:
            self.x, self.objective = torch.zeros_like(x), torch.full_like(objective, torch.inf)
        elif number == self.start:
            self.objective = torch.where(torch.isfinite(objective), torch.inf, self.objective)
        better = objective < self.objective
        self.x = torch.where(better.view(-1, *[1] * (x.ndim - 1)), x, self.x)
        self.objective = torch.where(better, objective, self.objective)
