"""What all solvers with a denoiser have in common from outside."""

from torch import Tensor

from lit_inverse.denoisers import BM3D, Denoiser
from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_images, require_linear
from lit_inverse.solvers.with_denoiser.plugged import Plugged


class DenoiserSolver(Solver):
    """A solver whose value range is that of its denoiser.

    Args:
        denoiser: D; BM3D with profile "lc", in grey levels 0 to 255, when None.
        box: whether estimates are clipped to its value range.
        max_iter: largest number of iterations.
        initial: a solver whose answer is the first x; 0 when None.
    """

    def __init__(self, denoiser: Denoiser | None, box: bool, max_iter: int, initial: Solver | None = None) -> None:
        at_least_1(max_iter=max_iter)
        self.denoiser = BM3D("lc", (0.0, 255.0)) if denoiser is None else denoiser
        self.native_range = self.denoiser.value_range
        self.box, self.max_iter, self.initial = box, max_iter, initial

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)
        require_images(operator)
        channels = self.denoiser.channels
        if channels is not None and operator.in_shape[0] not in channels:
            expected, name = " or ".join(map(str, channels)), type(self.denoiser).__name__
            raise ValueError(f"x has {operator.in_shape[0]} channels, {name} takes {expected}: take another denoiser")
        if self.initial is not None:
            self.initial.check_all(operator, self.denoiser.value_range)

    def begin(self, given: Given) -> tuple[Plugged, Tensor]:
        """The problem, and the first x, (B, C, H, W)."""
        plugged = Plugged.of(self.denoiser, self.box, given)
        x = plugged.zeros()
        if self.initial is not None:
            initial = self.initial.solve(
                given.y,
                plugged.operator,
                sigma=given.sigma,
                value_range=self.denoiser.value_range,
                seeds=given.seeds,
            )
            x = initial.x.to(x.dtype)
        return plugged, x
