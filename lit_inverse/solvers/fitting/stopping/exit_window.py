"""All iterations, and the best of the last."""

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import Decision, StoppingRule, Watch


class ExitWindow(StoppingRule):
    """Ends no fit before max_iter; the answer is the iterate of smallest objective among the last `length`.

    Van Veen et al. 2018 (CS-DIP), whose code has 51; 1 is the last iterate. A fit whose objective has become infinite
    or NaN before the window keeps its best finite iterate.
    """

    def __init__(self, length: int = 51) -> None:
        at_least_1(length=length)
        self.length = length

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Window(max(0, max_iter - self.length))


class _Window(Watch):
    objective: Tensor  # (F,)

    def __init__(self, first: int) -> None:
        self.first = first

    def see(self, iterate: Iterate) -> Decision:
        if iterate.number == 0:
            self.objective = torch.full_like(iterate.objective, torch.inf)
        elif iterate.number == self.first:
            self.objective = torch.where(torch.isfinite(iterate.objective), torch.inf, self.objective)
        better = iterate.objective < self.objective
        self.objective = torch.where(better, iterate.objective, self.objective)
        return Decision(better)
