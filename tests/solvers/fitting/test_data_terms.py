"""Each data term against its formula in numpy."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import poisson

from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import AbsoluteError, DataTerm, PoissonLikelihood, SquaredError

FORMULAS: dict[type[DataTerm], Callable[[NDArray, NDArray], NDArray]] = {
    SquaredError: lambda prediction, y: np.abs(prediction - y) ** 2,
    AbsoluteError: lambda prediction, y: np.abs(prediction - y),
    PoissonLikelihood: lambda rate, y: rate - y + y * np.log(y / rate),
}


def _positive(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = torch.rand(2, 3, 4, 5, generator=generator(0), dtype=torch.float64) + 0.1
    return first.to(dtype), second.to(dtype)


@pytest.mark.parametrize("term", FORMULAS)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("part", [False, True])
def test_is_its_formula_over_the_measurements_that_count(term: type[DataTerm], reduction: str, part: bool) -> None:
    prediction, y = _positive(torch.float64)
    used = torch.rand(3, 4, 5, generator=generator(1), dtype=torch.float32) < 0.5 if part else None
    entries = FORMULAS[term](prediction.numpy(), y.numpy())
    reduce = np.sum if reduction == "sum" else np.mean
    expected = [reduce(entries[i] if used is None else entries[i][used[i].numpy()]) for i in range(3)]
    found = term(reduction=reduction)(prediction, y, used)
    torch.testing.assert_close(found, torch.tensor(expected))


@pytest.mark.parametrize("term", [SquaredError, AbsoluteError])
def test_complex_measurements_count_their_magnitudes(term: type[DataTerm]) -> None:
    parts = torch.randn(2, 3, 4, 2, generator=generator(0), dtype=torch.float64)
    prediction, y = torch.view_as_complex(parts)
    expected = FORMULAS[term](prediction.numpy(), y.numpy())
    torch.testing.assert_close(term()(prediction, y), torch.tensor(expected.sum(1)))
    used = torch.tensor([[True, False, True, True]] * 3)
    torch.testing.assert_close(
        term(reduction="mean")(prediction, y, used), torch.tensor(expected[:, [0, 2, 3]].mean(1))
    )


def test_poisson_likelihoods_differ_as_those_of_scipy() -> None:
    gain = 0.5
    counts = torch.tensor([[0.0, 3.0, 7.0]], dtype=torch.float64)
    rates = torch.tensor([[1.0, 2.5, 9.0], [0.5, 4.0, 6.0]], dtype=torch.float64)
    found = PoissonLikelihood(gain)(gain * rates, gain * counts.expand(2, 3))
    expected = -poisson.logpmf(counts.numpy(), rates.numpy()).sum(1)
    assert float(found[0] - found[1]) == pytest.approx(expected[0] - expected[1], rel=1e-12)


def test_poisson_likelihood_of_black_images_is_finite() -> None:
    y = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
    assert torch.isfinite(PoissonLikelihood()(torch.zeros(2, 2), y)).all()


def test_poisson_likelihood_stays_finite_at_rates_that_are_none() -> None:
    y = torch.tensor([[0.0, 2.0]], dtype=torch.float64)
    prediction = torch.tensor([[-1.0, -1.0]], dtype=torch.float64, requires_grad=True)
    term = PoissonLikelihood()(prediction, y)
    (gradient,) = torch.autograd.grad(term.sum(), prediction)
    assert torch.isfinite(term).all()
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("y", [torch.tensor([[-1.0]]), torch.tensor([[1j]])])
def test_a_poisson_likelihood_refuses_what_is_no_count(y: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="needs real y >= 0"):
        PoissonLikelihood().check(y)


@pytest.mark.parametrize(
    "make", [lambda: SquaredError("total"), lambda: PoissonLikelihood(0.0), lambda: PoissonLikelihood(floor=0.0)]
)
def test_impossible_values_are_refused(make: Callable[[], DataTerm]) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()
