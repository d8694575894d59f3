"""The few numbers of an unfolded network, found without gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.optimize import minimize
from torch import nn

from lit_inverse.networks.unfolding.base import UnfoldedNetwork

_SPREAD = 0.2  # of the first simplex, in logarithms


def search(network: UnfoldedNetwork, error: Callable[[], float], n_evaluations: int) -> float:
    """Least error over thresholds and steps a r^t of the layers t = 0, 1, ..., or over the three numbers of HyperLISTA.

    By the simplex of Nelder and Mead 1965 in the logarithms of a and r, from the line nearest to where they are. The
    network has the best ones afterwards, or those it had where none are better.

    Args:
        network: whose numbers are changed.
        error: of the network as it is.
        n_evaluations: largest number of times it is asked for.

    Raises:
        ValueError: when the network has no such numbers.
    """
    schedules = network.schedules()
    if not schedules:
        raise ValueError(f"{type(network).__name__} has no thresholds or steps of its own, expected search: 0")

    def error_at(lines: np.ndarray) -> float:
        _set(schedules, lines)
        return error()

    before, error_before = [number.detach().clone() for numbers in schedules for number in numbers], error()
    start = np.concatenate([_line(schedule) for schedule in schedules])
    simplex = start + _SPREAD * np.vstack([np.zeros(len(start)), np.eye(len(start))])
    found = minimize(
        error_at, start, method="Nelder-Mead", options={"maxfev": n_evaluations, "initial_simplex": simplex}
    )
    if not found.fun < error_before:
        with torch.no_grad():
            for number, old in zip((number for numbers in schedules for number in numbers), before, strict=True):
                number.copy_(old)
        return error_before
    _set(schedules, found.x)
    return float(found.fun)


def _line(schedule: nn.ParameterList) -> np.ndarray:
    """The line over the layers nearest to a schedule: its start, and its slope if there are several layers."""
    values = np.array([float(number.detach().mean()) for number in schedule])
    return values if len(values) == 1 else np.polyfit(np.arange(len(values)), values, 1)[::-1]


@torch.no_grad()
def _set(schedules: Sequence[nn.ParameterList], lines: np.ndarray) -> None:
    numbers = iter(lines.tolist())
    for schedule in schedules:
        start = next(numbers)
        slope = next(numbers) if len(schedule) > 1 else 0.0
        for t, number in enumerate(schedule):
            number.fill_(start + slope * t)
