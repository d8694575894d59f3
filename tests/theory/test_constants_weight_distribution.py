import itertools
import math

import pytest
import torch
from torch import Tensor

from lit_inverse.networks import ReLUGenerator
from lit_inverse.theory.constants.search import Search
from lit_inverse.theory.constants.weight_distribution import (
    deviation,
    expected,
    range_restricted_weight_distribution,
    unit_weights,
    weight_distribution,
    weight_distribution_bound,
)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def source() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_q_is_the_mean_of_a_huge_gaussian_layer() -> None:
    n, (r, s, u) = 500_000, normal(3, 1, 4, seed=1).unbind(0)
    weight = normal(n, 4, seed=2) / n**0.5
    for other in (s, 3 * r, r + 0.01 * s, -r + 0.1 * s):
        active = (weight @ r[0] > 0) & (weight @ other[0] > 0)
        of_layer = weight[active].T @ (weight[active] @ u[0])
        assert (expected(r, other, u)[0] - of_layer).norm() < 6 * u.norm() / n**0.5
        assert torch.allclose(deviation(weight, r, other, u)[0], of_layer - expected(r, other, u)[0])


def test_q_is_half_the_identity_of_equal_vectors_and_0_of_opposite_ones_and_of_zero() -> None:
    r, u = normal(5, 7), normal(5, 7, seed=1)
    assert torch.allclose(expected(r, 2 * r, u), u / 2, atol=1e-7)
    assert torch.allclose(expected(r, -r, u), torch.zeros_like(u), atol=1e-7)
    assert not expected(r, 0 * r, u).any()


def test_q_exchanges_the_directions_of_r_and_s() -> None:
    r, s = normal(5, 7), normal(5, 7, seed=1)
    r, s = r / r.norm(dim=1, keepdim=True), s / s.norm(dim=1, keepdim=True)
    theta = (r * s).sum(1, keepdim=True).acos()
    assert torch.allclose(expected(r, s, r), ((math.pi - theta) * r + theta.sin() * s) / (2 * math.pi))
    assert torch.allclose(expected(r, s, s), ((math.pi - theta) * s + theta.sin() * r) / (2 * math.pi))


@pytest.mark.parametrize("n", [10, 20, 40])
def test_search_comes_near_the_constant_of_all_directions_in_the_plane(n: int) -> None:
    weight = normal(n, 2, seed=n) / n**0.5
    angles = torch.arange(240, dtype=torch.float64) * (2 * math.pi / 240) + 1e-3
    r, s = torch.cartesian_prod(torch.arange(240), torch.arange(240)).unbind(1)
    circle, units = torch.stack((angles.cos(), angles.sin()), 1), torch.eye(2, dtype=torch.float64)
    columns = [deviation(weight, circle[r], circle[s], unit.expand(len(r), 2)) for unit in units]
    worst = torch.linalg.matrix_norm(torch.stack(columns, 2), 2).max().item()
    found = weight_distribution(weight, source(), Search(1000, 32, 60))
    in_range = range_restricted_weight_distribution(weight, lambda z: z, normal(200, 2), source(), Search(1000, 32, 60))
    assert 0.9 * worst < found.value < 1.02 * worst  # the grid misses some
    assert found.value <= weight_distribution_bound(weight).value
    assert 0.85 * worst < in_range.value < 1.02 * worst
    assert found.bound == in_range.bound == "lower"


def test_on_the_range_of_one_latent_number_search_comes_near_the_constant_of_all_differences() -> None:
    """G(z) = relu(w z) has two rays a, b as its range: differences are multiples of p a - q b, p and q not negative."""
    w, weight = normal(20, 1), normal(30, 20, seed=1) / 30**0.5
    rays = torch.cat((w.T.clamp_min(0), (-w.T).clamp_min(0)))
    angles = torch.linspace(0, math.pi / 2, 200, dtype=torch.float64)
    u = angles.cos()[:, None] * rays[0] - angles.sin()[:, None] * rays[1]
    u = u / u.norm(dim=1, keepdim=True)
    worst = max(
        (deviation(weight, r.expand_as(u), s.expand_as(u), u) @ u.T).abs().max().item()
        for r, s in itertools.product(rays, rays)
    )
    found = range_restricted_weight_distribution(
        weight, lambda z: torch.relu(z @ w.T), normal(100, 1), source(), Search(300, 16, 100)
    ).value
    assert found == pytest.approx(worst, rel=1e-3)
    assert found < weight_distribution(weight, source(), Search(100, 8, 20)).value


def test_a_wider_layer_is_nearer_to_its_mean() -> None:
    constants = [
        weight_distribution(normal(n, 4) / n**0.5, source(), Search(100, 8, 30)).value for n in (20, 200, 2000)
    ]
    assert constants[0] > 2 * constants[1] > 3 * constants[2]


@pytest.mark.parametrize("shape", [(100, 300), (120, 180), (30, 45)])
def test_of_a_contractive_layer_the_constant_is_the_square_of_its_norm(shape: tuple[int, int]) -> None:
    """The proof's r and s come near it as they become opposite, and the search does, from below."""
    weight = normal(*shape) / shape[0] ** 0.5
    square = torch.linalg.matrix_norm(weight, 2).item() ** 2
    assert weight_distribution_bound(weight).bound == "exact"
    assert weight_distribution_bound(weight).value == pytest.approx(square)
    all_active = torch.linalg.pinv(weight) @ torch.ones(shape[0], dtype=torch.float64)
    _, _, right = torch.linalg.svd(weight)
    r, s, leading = (at[None] for at in (all_active + 1e4 * right[-1], all_active - 1e4 * right[-1], right[0]))
    assert deviation(weight, r, s, leading).norm().item() == pytest.approx(square, rel=1e-3)
    assert 0.85 * square < weight_distribution(weight, source(), Search(300, 8, 50)).value < square


@pytest.mark.parametrize("shape", [(40, 20), (4000, 2)])
def test_of_other_layers_there_is_an_upper_bound(shape: tuple[int, int]) -> None:
    weight = normal(*shape) / shape[0] ** 0.5
    bound = weight_distribution_bound(weight)
    assert bound.bound == "upper"
    assert weight_distribution(weight, source(), Search(100, 8, 20)).value < bound.value
    assert weight_distribution_bound(0.1 * weight).value == 0.5  # ||Q||, which no layer of small weights can reach


def test_rows_that_are_dependent_have_a_bound_only() -> None:
    weight = normal(10, 20)
    weight[1] = -weight[0]
    assert weight_distribution_bound(weight).bound == "upper"


def test_a_contractive_layer_violates_the_wdc_but_less_so_on_the_range() -> None:
    network = ReLUGenerator((3, 300, 100)).double().requires_grad_(False)
    weight = unit_weights(network)[1]
    anywhere = weight_distribution_bound(weight).value
    on_range = range_restricted_weight_distribution(
        weight, network.layers[:2], normal(100, 3), source(), Search(300, 8, 50)
    ).value
    assert on_range < 1 < 7 < anywhere


def test_weights_come_in_the_scale_of_theory() -> None:
    he, unit = (unit_weights(ReLUGenerator((4, 50, 30), scale=scale)) for scale in ("he", "unit"))
    assert [weight.shape for weight in he] == [(50, 4), (30, 50)]
    assert all(torch.allclose(a, b) for a, b in zip(he, unit, strict=True))


def test_the_global_source_is_left_alone(untouched_rng: object) -> None:
    weight, few = normal(20, 3) / 20**0.5, Search(20, 4, 5)
    assert weight_distribution(weight, source(), few) == weight_distribution(weight, source(), few)
