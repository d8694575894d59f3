"""Settings of the operator, each tried once on an image of each shape before a sweep starts."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import Tensor

from lit_inverse.errors import UsageError, as_usage_errors
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.problem import Problem, as_told, unknown


class Memory(NamedTuple):
    """Bytes of one x, or k-space, and of one A, in the precision of the sweep."""

    item: int
    operator: int


class Tried(NamedTuple):
    """One shape of x and one value of `measurements`.

    Attributes:
        memory: of one item and its A.
        operator: what A depends on besides its seed, as plain data.
        identities: of each solver what its results depend on there.
    """

    memory: Memory
    operator: dict[str, Any]
    identities: dict[str, Any]


def check_settings(sweep: Sweep, items: Iterable[dict[str, Any]]) -> dict[tuple[tuple[int, ...], str], Tried]:
    """Measures an image of each shape once, so that what is impossible ends the sweep before it starts.

    Returns what is found for each shape of x and value of `measurements`.
    """
    found = {}
    for item in items:
        x = unknown(item)
        shape = tuple(x.shape)
        for measurement in sweep.measurements:
            with as_usage_errors("measurements" if sweep.vary else "operator"):
                # the very A where there is one for all: trained networks know theirs, and refuse one A per image
                seed = sweep.operator_seed("", 0)
                operator = sweep.draw_operator(shape, measurement, seed if sweep.operator_per == "sweep" else [seed])
            _check_oracle(sweep, x, operator)
            for level in sweep.noise_levels:
                with as_usage_errors("noise_levels"):
                    y = Problem(operator, sweep.noise(level)).measure([item], [0])
            told = as_told(operator, x, y)
            for name, solver in sweep.solvers.items():
                with as_usage_errors(f"solvers.{name}"):
                    solver.check_all(told, sweep.value_range)
            found[shape, str(measurement)] = Tried(
                _memory(sweep, x, operator),
                sweep.operator_identity(measurement),
                {name: _identity(sweep, name, told) for name in sweep.solvers},
            )
    return found


def _memory(sweep: Sweep, x: Tensor, operator: Operator) -> Memory:
    dtype = sweep.dtype.to_complex() if x.is_complex() else sweep.dtype
    drawn = sum(buffer.nbytes for buffer in operator.buffers())
    return Memory(x.numel() * dtype.itemsize, drawn * sweep.dtype.itemsize // 4)  # drawn in float32


def _identity(sweep: Sweep, solver: str, operator: Operator) -> dict[str, Any]:
    """Class and settings of a solver that its results with this A depend on."""
    identity: dict[str, Any] = dict(sweep.identities[solver])
    if "init_args" in identity:
        identity["init_args"] = sweep.solvers[solver].determining(identity["init_args"], operator)
    return identity


def _check_oracle(sweep: Sweep, x: Tensor, operator: Operator) -> None:
    if sweep.oracle and (x.ndim != 1 or x.is_complex() or not isinstance(operator, LinearOperator)):
        raise UsageError(
            f"oracle: got x of shape {tuple(x.shape)} ({x.dtype}) and {type(operator).__name__}, "
            "expected real vectors and a linear operator"
        )
