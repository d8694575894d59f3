import pytest
import torch
from torch import Tensor

from lit_inverse.solvers.total_variation.line_search import LineSearch


def step(f: float, slope: float, curvature: float, average: float, minimise: bool = False) -> tuple[float, bool, float]:
    """Length, whether it is the minimiser, and the memory after it."""

    def one(value: float) -> Tensor:
        return torch.tensor([value], dtype=torch.float64)

    search = LineSearch.begin(one(average))
    length, exact = search.step(one(f), one(slope), one(curvature), torch.tensor([minimise]))
    return length.item(), bool(exact), search.memory.item()


def test_the_longest_step_that_lowers_f_enough_is_taken() -> None:
    assert step(1.0, -1.0, 0.5, 1.0)[:2] == (1.0, False)  # f(1) = .25
    # f(a) = 1 - a + 2 a^2 falls below 1 for a < 1/2: 1 and .6 are refused, .36 is not
    assert step(1.0, -1.0, 4.0, 1.0)[:2] == (pytest.approx(0.36), False)


def test_a_larger_average_of_former_values_allows_f_to_rise() -> None:
    assert step(1.0, -1.0, 4.0, 2.5)[0] == 1.0  # f(1) = 2


def test_when_all_lengths_fail_the_minimiser_is_taken_and_less_is_remembered() -> None:
    length, exact, memory = step(1.0, -1.0, 100.0, 1.0)  # below 1 for a < .02 only, the shortest tried is .6^5 = .08
    assert (length, exact) == (pytest.approx(0.01), True)
    assert memory == pytest.approx(0.9 * 0.9995)


def test_the_minimiser_can_be_asked_for_within_the_segment() -> None:
    assert step(1.0, -1.0, 4.0, 1.0, minimise=True)[:2] == (0.25, True)
    assert step(1.0, -1.0, 0.5, 1.0, minimise=True)[:2] == (1.0, True)


def test_the_average_takes_values_in_and_begins_anew() -> None:
    first = torch.tensor([4.0, 4.0], dtype=torch.float64)
    search = LineSearch.begin(first)
    search.note(torch.tensor([1.0, 1.0], dtype=torch.float64), torch.tensor([False, True]))
    assert search.average.tolist() == [pytest.approx((0.9995 * 4 + 1) / 1.9995), 1.0]
    assert search.weight.tolist() == [pytest.approx(1.9995), 1.0]
