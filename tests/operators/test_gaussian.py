"""The law and the drawing of Gaussian measurements."""

import math

import pytest
import torch

from lit_inverse.operators import Gaussian, checks
from lit_inverse.operators.gaussian import row_blocks


def test_entries_are_normal_with_variance_1_over_m() -> None:
    entries = Gaussian((1, 28, 28), 200, 0).matrix.double().flatten() * math.sqrt(200)
    n = entries.numel()
    assert abs(entries.mean()) < 4 / math.sqrt(n)
    assert abs(entries.square().mean() - 1) < 4 * math.sqrt(2 / n)
    assert abs(entries.pow(4).mean() - 3) < 4 * math.sqrt(96 / n)


@pytest.mark.parametrize(("m", "n"), [(7, 784), (100, 784), (3000, 784), (50, 1), (20, 33)])
def test_drawn_in_blocks_as_at_once(m: int, n: int) -> None:
    rows = math.ceil(m / 16) * 16
    at_once = torch.randn(rows, n, generator=torch.Generator().manual_seed(3))[:m]
    assert torch.equal(torch.cat([block.clone() for block in row_blocks(m, n, 3)]), at_once)


def test_one_seed_per_item_gives_the_shared_matrix_of_that_seed() -> None:
    per_item = Gaussian((1, 4, 4), 5, [3, 8])
    for item, seed in enumerate([3, 8]):
        assert torch.equal(per_item.matrix[item], Gaussian((1, 4, 4), 5, seed).matrix)
    assert not torch.equal(per_item.matrix[0], per_item.matrix[1])


def test_unit_columns() -> None:
    norms = torch.linalg.vector_norm(Gaussian((30,), 20, 0, columns="unit").matrix, dim=0)
    torch.testing.assert_close(norms, torch.ones(30))


def test_default_dtype_does_not_change_the_entries() -> None:
    expected = Gaussian((30,), 20, 0).matrix
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(Gaussian((30,), 20, 0).matrix, expected)
    finally:
        torch.set_default_dtype(torch.float32)


def test_global_random_state_is_left_alone(untouched_rng: None) -> None:
    Gaussian((30,), 20, 0).norm()


@pytest.mark.parametrize("seed", [0, [0, 1, 2]])
def test_adjoint_fits(seed: int | list[int]) -> None:
    assert checks.dot_test(Gaussian((2, 5, 5), 20, seed)) < 1e-10


@pytest.mark.parametrize(
    ("in_shape", "m", "seed", "message"),
    [
        ((30,), 0, 0, "m is 0, expected at least 1"),
        ((30,), -3, 0, "m is -3, expected at least 1"),
        ((30,), 31, 0, "m is 31, expected at most n = 30"),
        ((0, 4), 2, 0, "in_shape is"),
        ((30,), 5, [], "seed is an empty list"),
    ],
)
def test_impossible_settings_are_refused(
    in_shape: tuple[int, ...], m: int, seed: int | list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Gaussian(in_shape, m, seed)


def test_more_measurements_than_unknowns_when_allowed() -> None:
    assert Gaussian((30,), 50, 0, allow_overdetermined=True).out_shape == (50,)
