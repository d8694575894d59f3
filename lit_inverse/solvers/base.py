"""The interface of all solvers: y and A in, x_hat out, x never seen."""

import copy
import dataclasses
import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.solution import Solution, Status, Trace

ValueRange = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Given:
    """What a solver is given, checked and in its range: the arguments of `Solver.solve`.

    Attributes:
        y: (B, *out_shape).
        operator: A, shared or one per item.
        sigma: (B,).
        value_range: of x; None when it has none.
        seeds: one per item.
        trace: of the iterates that are asked for.
    """

    y: Tensor
    operator: Operator
    sigma: Tensor
    value_range: ValueRange | None
    seeds: list[int]
    trace: Trace


class Solver(ABC):
    """Turns measurements into reconstructions, a whole batch at once, on the device and in the dtype of y.

    Attributes:
        version: raised by hand when a solver's numbers change.
        stable: True when an item's answer is the same alone and in a batch to 1e-8 in float64 (convex and linear
            solvers); chaotic ones agree only over their first iterations.
        native_range: the range of x the method is tied to; None when it works in any. If the caller's differs,
            variables are changed by x = a x' + b, y' = (y - A b) / a, sigma' = sigma / a, and back in the Solution.
        max_iter: its setting of that name, most iterations of an item, or of each of its fits; 0 where there is none.
    """

    version: ClassVar[int] = 1
    stable: ClassVar[bool] = False
    native_range: ValueRange | None = None
    max_iter: int = 0

    def solve(
        self,
        y: Tensor,
        operator: Operator,
        *,
        sigma: float | Tensor = 0.0,
        value_range: ValueRange | None = None,
        seeds: Sequence[int] | None = None,
        trace: Sequence[int] = (),
    ) -> Solution:
        """Reconstructs x from y = A(x) + eta.

        Args:
            y: (B, *out_shape), finite, float or complex.
            operator: A, shared or one per item, on the device and in the precision of y.
            sigma: standard deviation of each entry of eta, a number or (B,).
            value_range: range of x; None when it has none.
            seeds: one per item for solvers that draw random numbers; 0 for each by default.
            trace: numbers of the iterates to return.

        Raises:
            ValueError: when y, sigma, seeds or value_range do not fit the operator or are not finite, or the solver
                can not work with this operator.
        """
        _check_measurements(y, operator)
        change = self._checked(operator, value_range)
        seeds = [0] * len(y) if seeds is None else [int(seed) for seed in seeds]
        if len(seeds) != len(y):
            raise ValueError(f"got {len(seeds)} seeds for {len(y)} items, expected one seed per item")
        given = Given(y, operator, _check_sigma(sigma, y), value_range, seeds, Trace(trace))
        given = given if change is None else change.there(given)
        with torch.no_grad():
            solution = self._solve(given)
        solution = _without_nonfinite(solution)
        return solution if change is None else change.back(solution)

    def check_all(self, operator: Operator, value_range: ValueRange | None) -> None:
        """What `solve` would refuse whatever y is, with a ValueError; sweeps ask before they begin."""
        self._checked(operator, value_range)

    def _checked(self, operator: Operator, value_range: ValueRange | None) -> "_ChangeOfRange | None":
        self.check(operator, value_range)
        change = _ChangeOfRange.between(value_range, self.range_for(operator))
        if change is not None and not isinstance(operator, LinearOperator):
            raise ValueError(
                f"{type(operator).__name__} is not linear: give the data the range of the solver, {change.native}"
            )
        return change

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:  # noqa: B027
        """Refuses, with a ValueError, an operator or a range of x the solver can not work with."""

    def determining(self, settings: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
        """Of its constructor's settings, as plain data, those that x_hat depends on with this A; all, here.

        Results are stored under them, as under those of `Operator.determining`.
        """
        return dict(settings)

    def range_for(self, operator: Operator) -> ValueRange | None:
        """`native_range`, where it depends on the shape of x or on settings."""
        return self.native_range

    def preferred_batch(self, device: torch.device) -> int:
        """How many items it pays to solve at once on a device, memory aside."""
        return 64

    @abstractmethod
    def _solve(self, given: Given) -> Solution:
        """`solve` after its arguments were checked and brought to `range_for` the operator."""


@dataclasses.dataclass(frozen=True)
class _ChangeOfRange:
    """x = scale x' + shift, with x' in the native range."""

    native: ValueRange
    scale: float
    shift: float

    @classmethod
    def between(cls, given: ValueRange | None, native: ValueRange | None) -> "_ChangeOfRange | None":
        if given is None:
            return None
        if not (given[0] < given[1]):
            raise ValueError(f"value_range is {tuple(given)}, expected (low, high) with low < high")
        if native is None or tuple(given) == tuple(native):
            return None
        scale = (given[1] - given[0]) / (native[1] - native[0])
        return cls(native, scale, given[0] - scale * native[0])

    def there(self, given: Given) -> Given:
        y = given.y
        shift = torch.full((len(y), *given.operator.in_shape), self.shift, dtype=y.real.dtype, device=y.device)
        y, sigma = (y - given.operator(shift)) / self.scale, given.sigma / self.scale
        return dataclasses.replace(given, y=y, sigma=sigma, value_range=self.native)

    def back(self, solution: Solution) -> Solution:
        def change(x: Tensor | None) -> Tensor | None:
            return None if x is None else self.scale * x + self.shift

        x = self.scale * solution.x + self.shift
        return dataclasses.replace(solution, x=x, iterates=change(solution.iterates), samples=change(solution.samples))


def _check_measurements(y: Tensor, operator: Operator) -> None:
    if not (y.is_floating_point() or y.is_complex()):
        raise ValueError(f"y has dtype {y.dtype}, expected a floating or complex one")
    operator.check_batch(y, operator.out_shape, "y")
    for buffer in operator.buffers():
        if buffer.device != y.device:
            raise ValueError(f"A is on {buffer.device} and y on {y.device}: bring A to y's device, operator.to(...)")
        if (buffer.is_floating_point() or buffer.is_complex()) and buffer.real.dtype != y.real.dtype:
            raise ValueError(f"A has dtype {buffer.dtype} and y {y.dtype}: bring A to y's precision, operator.to(...)")
    if not torch.isfinite(y).all():
        raise ValueError("y has entries that are not finite (NaN or infinity)")


def _check_sigma(sigma: float | Tensor, y: Tensor) -> Tensor:
    sigma = torch.as_tensor(sigma, dtype=y.real.dtype, device=y.device)
    if sigma.shape not in ((), (len(y),)):
        raise ValueError(f"sigma has shape {tuple(sigma.shape)}, expected a number or ({len(y)},)")
    if not (torch.isfinite(sigma) & (sigma >= 0)).all():
        raise ValueError(f"sigma is {sigma.tolist()}, expected finite numbers >= 0")
    return sigma.expand(len(y))


def without_inference_tensors(operator: Operator) -> Operator:
    """The operator, or a copy of it when it was built in inference mode: gradients can not pass such tensors."""
    tensors = itertools.chain(operator.buffers(), operator.parameters())
    return copy.deepcopy(operator) if any(tensor.is_inference() for tensor in tensors) else operator


def _without_nonfinite(solution: Solution) -> Solution:
    """The last net under solvers that blow up without noticing: zeros and DIVERGED instead of a silent NaN."""
    shown = [x for x in (solution.x[None], solution.iterates, solution.samples) if x is not None]
    bad = ~torch.stack([torch.isfinite(x).transpose(0, 1).flatten(1).all(1) for x in shown]).all(0)
    if not bad.any():
        return solution

    def finite(x: Tensor | None) -> Tensor | None:
        return None if x is None else torch.where(torch.isfinite(x), x, 0)

    x = torch.where(column(~torch.isfinite(solution.x).flatten(1).all(1), solution.x), 0, solution.x)
    status = [Status.DIVERGED if is_bad else old for is_bad, old in zip(bad.tolist(), solution.status, strict=True)]
    return dataclasses.replace(
        solution, x=x, status=status, iterates=finite(solution.iterates), samples=finite(solution.samples)
    )
