"""Until the residual is as large as the noise."""

import torch
from torch import Tensor

from lit_inverse.operators.items import reals
from lit_inverse.settings import positive
from lit_inverse.solvers.fitting.descent import Descent, Iterate
from lit_inverse.solvers.fitting.stopping.base import Decision, StoppingRule, Watch


class Discrepancy(StoppingRule):
    """Morozov's principle: the answer is the first iterate with ||A x - y||^2 <= tau^2 m sigma^2.

    Without such an iterate, as without noise, the answer is that of smallest residual.

    Args:
        tau: >= 1 in theory; 1 is what ||eta||^2 is expected to be.

    Raises:
        ValueError: when tau is not positive.
    """

    def __init__(self, tau: float = 1.0) -> None:
        positive(tau=tau)
        self.tau = tau

    def start(self, descent: Descent, max_iter: int) -> Watch:
        return _Residual(descent, self.tau**2 * descent.data.operator.m * descent.data.sigma.square())


class _Residual(Watch):
    def __init__(self, descent: Descent, threshold: Tensor) -> None:
        self.descent, self.threshold = descent, threshold
        self.best = torch.full_like(threshold, torch.inf)

    def see(self, iterate: Iterate) -> Decision:
        squares = reals(iterate.prediction - self.descent.data.y).square().sum(1)
        better = squares < self.best
        self.best = torch.where(better, squares, self.best)
        return Decision(better, squares <= self.threshold)
