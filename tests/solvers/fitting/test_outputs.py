"""The exponential average against its weights written out."""

import pytest
import torch
from torch import Tensor

from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import ExponentialAverage, Iterate, RawOutput


def _iterate(number: int, x: Tensor, objective: Tensor) -> Iterate:
    return Iterate(number, x, x, objective)


def test_the_average_has_weights_that_decay_with_age() -> None:
    x = torch.randn(30, 2, 1, 3, 3, generator=generator(0), dtype=torch.float64)
    smoother, good = ExponentialAverage(0.8).start(), torch.zeros(2, dtype=torch.float64)
    for number in range(30):
        found = smoother(_iterate(number, x[number], good))
        weights = 0.8 ** torch.arange(number, -1, -1, dtype=torch.float64)
        expected = torch.tensordot(weights / weights.sum(), x[: number + 1], 1)
        torch.testing.assert_close(found, expected)


def test_the_average_leaves_out_what_is_no_number() -> None:
    x = torch.randn(5, 2, 1, 3, 3, generator=generator(0), dtype=torch.float64)
    smoother, clean = ExponentialAverage(0.8).start(), ExponentialAverage(0.8).start()
    for number in range(5):
        objective = torch.zeros(2, dtype=torch.float64)
        expected = clean(_iterate(number, x[number], objective)) if number != 2 else expected  # noqa: F821
        if number == 2:
            x[2, 1], objective[1] = torch.nan, torch.nan
        found = smoother(_iterate(number, x[number], objective))
        torch.testing.assert_close(found[1], expected[1])


def test_the_raw_output_is_the_iterate() -> None:
    x = torch.ones(1, 1, 2, 2)
    assert RawOutput().start()(_iterate(0, x, torch.zeros(1))) is x


def test_a_decay_of_1_is_refused() -> None:
    with pytest.raises(ValueError, match="decay is 1"):
        ExponentialAverage(1.0)
