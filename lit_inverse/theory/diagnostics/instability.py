"""How far a reconstruction moves when its measurements are perturbed."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1, positive
from lit_inverse.theory.diagnostics.base import SolverDiagnostic
from lit_inverse.theory.estimate import Estimate
from lit_inverse.theory.instability import Reconstruct, check_sizes, instability
from lit_inverse.theory.worst_directions import Effort


class Instability(SolverDiagnostic):
    """Amplifications of perturbations of y, and how x_hat follows changes of x: see `theory.instability.instability`.

    It takes 3 + directions * rounds + 2 n_kernel reconstructions of each image, all with the seed of the sweep's.

    Args:
        size: length of the perturbations, relative to y.
        detail: length of the changes of x, relative to x.
        n_kernel: how many of A's smallest singular values.
        directions: perturbations of a round of the search for the worst.
        rounds: of that search.
        steps: of gradient ascent, where there are gradients.
        limit: see `Diagnostic`.

    Raises:
        ValueError: a number is impossible.
    """

    version: ClassVar[int] = 2
    panels: ClassVar[Mapping[str, Sequence[str]]] = {
        "amplification ||x_hat(y + e) - x_hat(y)|| / ||e||": ("random", "kernel", "adversarial", "floor"),
        "relative error of a change w of x": ("detail",),
    }

    def __init__(
        self,
        size: float = 0.01,
        detail: float = 0.1,
        n_kernel: int = 8,
        directions: int = 24,
        rounds: int = 4,
        steps: int = 25,
        limit: int | None = 5,
    ) -> None:
        super().__init__(limit)
        positive(size=size, detail=detail)
        at_least_1(n_kernel=n_kernel)
        self.size, self.detail, self.n_kernel = size, detail, n_kernel
        self.effort = Effort(directions, rounds, steps)

    def check(self, operator: Operator) -> None:
        check_sizes(operator.like.dtype, size=self.size, detail=self.detail)

    def measure(
        self, reconstruct: Reconstruct, x: Tensor, y: Tensor, operator: Operator, seed: int
    ) -> dict[str, Estimate]:
        return instability(reconstruct, y, x, operator, self.size, self.detail, self.n_kernel, self.effort, seed)
