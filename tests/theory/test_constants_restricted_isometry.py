import itertools

import pytest
import torch

from lit_inverse.operators import Gaussian, Matrix
from lit_inverse.theory.constants.coherence import mutual_coherence
from lit_inverse.theory.constants.restricted_isometry import (
    exact_restricted_isometry,
    gershgorin_isometry,
    restricted_isometry_bounds,
)


def source() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("s", [1, 2, 3])
def test_exact_constant_is_that_of_singular_values_of_all_supports(s: int) -> None:
    operator = Gaussian((8,), 6, seed=1).double()
    worst = 0.0
    for support in itertools.combinations(range(8), s):
        values = torch.linalg.svdvals(operator.matrix[:, list(support)])
        worst = max(worst, values[0].item() ** 2 - 1, 1 - values[-1].item() ** 2)
    assert exact_restricted_isometry(operator, s).value == pytest.approx(worst, rel=1e-12)
    assert gershgorin_isometry(operator, s).value >= worst - 1e-12


@pytest.mark.parametrize("s", [2, 4])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_search_finds_the_exact_constant_where_samples_do_not(s: int, seed: int) -> None:
    operator = Gaussian((20,), 12, seed=seed).double()
    exact = exact_restricted_isometry(operator, s).value
    bounds = restricted_isometry_bounds(operator, s, source(), n_samples=20, n_starts=8)
    assert bounds["sampled"].value < exact
    assert bounds["found"].value == pytest.approx(exact, rel=1e-9)
    assert (bounds["found"].bound, bounds["found"].n) == ("lower", 20)
    assert bounds["Gershgorin"] == gershgorin_isometry(operator, s)


def test_of_single_columns_the_constant_is_that_of_their_lengths() -> None:
    operator = Gaussian((20,), 10).double()
    worst = float((operator.matrix.square().sum(0) - 1).abs().max())
    bounds = restricted_isometry_bounds(operator, 1, source(), n_samples=5)
    assert bounds["found"].value == pytest.approx(worst)
    assert bounds["Gershgorin"].value == pytest.approx(worst)
    assert exact_restricted_isometry(operator, 1).value == pytest.approx(worst)


def test_a_repeated_column_is_found_from_supports_that_hold_one_of_the_two() -> None:
    matrix = torch.linalg.qr(torch.randn(60, 60, generator=source(), dtype=torch.float64))[0]
    matrix[:, 41] = matrix[:, 7]
    bounds = restricted_isometry_bounds(Matrix(matrix), 2, source(), n_samples=100, n_starts=100)
    assert bounds["found"].value == pytest.approx(1, rel=1e-9)


def test_unit_columns_are_an_isometry_to_s_minus_1_times_their_coherence() -> None:
    operator = Gaussian((30,), 20, columns="unit").double()
    coherence = mutual_coherence(operator).value
    assert gershgorin_isometry(operator, 2).value == pytest.approx(coherence)
    assert exact_restricted_isometry(operator, 2).value == pytest.approx(coherence)
    assert gershgorin_isometry(operator, 4).value <= 3 * coherence + 1e-12


def test_the_same_source_finds_the_same_and_the_global_one_is_left_alone(untouched_rng: object) -> None:
    operator = Gaussian((20,), 12)
    assert restricted_isometry_bounds(operator, 3, source()) == restricted_isometry_bounds(operator, 3, source())


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="s is 9, expected 1 <= s <= n = 8"):
        restricted_isometry_bounds(Gaussian((8,), 6), 9, source())
    with pytest.raises(ValueError, match="supports, expected at most 1000000"):
        exact_restricted_isometry(Gaussian((100,), 6), 10)
