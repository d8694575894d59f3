"""Complex images by solvers of real ones."""

from dataclasses import replace

import torch
from torch import Tensor

from lit_inverse.operators import ComplexFromChannels, Operator, on_real_channels
from lit_inverse.operators.composition import OnReals
from lit_inverse.operators.items import rms
from lit_inverse.seeding import derive_seed
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.deep_prior import DeepPrior
from lit_inverse.solvers.inner import consistent, limited, mapped, solve_within
from lit_inverse.solvers.requirements import require_images, require_linear
from lit_inverse.solvers.solution import Solution, Status

_ALONE = "take the solver within RealChannels alone"


class RealChannels(Solver):
    """Solves for the real and the imaginary parts of complex images as real channels, twice as many.

    So an untrained network makes the images of all coils at once (Heckel & Soltanolkotabi 2020, Sec. 5; Darestani &
    Heckel 2021, Sec. II), and the Lasso has real coefficients. What the second paper adds is offered too: the mean of
    several fits, and data consistency, x + A^+ (y - A x), which puts the measured frequencies back.

    Deviation: the authors scale by the norm of the fully sampled image; here only y is looked at.

    Args:
        solver: of real x (2 C, H, W); `DeepPrior` by default.
        rms: root mean square of the real numbers of A^+ y in the unit that the solver sees, each item its own; null to
            leave the unit.
        n_fits: fits with different seeds, of which the mean is taken.
        data_consistent: whether what y says replaces what the solver says about it.
        max_iter: iterations of the solver; null for what it says itself.

    The history, the iterates, the status and n_iter are those of the first fit, iterates as consistent as x; but an
    item has diverged where one of its fits has.

    Raises:
        ValueError: when a setting is impossible, A is not linear or x no image; when x is real: for `OnReals`, and
            with a real y.
    """

    def __init__(
        self,
        solver: Solver = DeepPrior(),  # noqa: B008
        rms: float | None = None,
        n_fits: int = 1,
        data_consistent: bool = False,
        max_iter: int | None = None,
    ) -> None:
        at_least_1(n_fits=n_fits, max_iter=max_iter)
        if rms is not None:
            positive(rms=rms)
        self.solver = limited(solver, max_iter)
        self.max_iter = self.solver.max_iter
        self.rms, self.n_fits, self.data_consistent = rms, n_fits, data_consistent

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_images(operator)
        if isinstance(operator, OnReals):
            raise ValueError(f"A is {type(operator).__name__}, of real images: {_ALONE}")
        self.solver.check_all(on_real_channels(require_linear(operator)), None)

    def check_all(self, operator: Operator, value_range: ValueRange | None) -> None:
        """In sweeps x is complex only where y is, too: a real A may be of complex images, but is not there."""
        super().check_all(operator, value_range)
        linear = require_linear(operator)
        if not linear(linear.like.new_zeros(linear.n_items or 1, *linear.in_shape)).is_complex():
            raise ValueError(f"A is {type(operator).__name__}, of real images: {_ALONE}")

    def preferred_batch(self, device: torch.device) -> int:
        return self.solver.preferred_batch(device)

    def _solve(self, given: Given) -> Solution:
        if not given.y.is_complex():
            raise ValueError(f"y has dtype {given.y.dtype}, expected a complex one: {_ALONE}")
        operator = require_linear(given.operator)
        together = ComplexFromChannels(operator.in_shape)
        scale = torch.ones_like(given.sigma)
        if self.rms is not None:
            scale = rms(operator.pinv(given.y)) / self.rms
        unit = torch.where(scale > 0, scale, 1)
        fits = [
            solve_within(self.solver, replace(given, seeds=seeds), on_real_channels(operator), unit)
            for seeds in _seeds(given.seeds, self.n_fits)
        ]

        def finished(x: Tensor) -> Tensor:
            x = together(x) * scale.view(-1, 1, 1, 1)  # black where y is 0, whatever a network makes of it
            return consistent(x, given.y, operator) if self.data_consistent else x

        mean = replace(fits[0], x=torch.stack([fit.x for fit in fits]).mean(0), status=_statuses(fits))
        return mapped(mean, finished)


def _statuses(fits: list[Solution]) -> list[Status]:
    each = zip(*(fit.status for fit in fits), strict=True)
    return [Status.DIVERGED if Status.DIVERGED in of_item else of_item[0] for of_item in each]


def _seeds(seeds: list[int], n_fits: int) -> list[list[int]]:
    """Of the first fit those given."""
    others = [[derive_seed(seed, "solver", "ensemble", fit) for seed in seeds] for fit in range(1, n_fits)]
    return [seeds, *others]
