"""The worst amplification that is found, where it is known."""

import math

import pytest
import torch
from torch import Tensor

from lit_inverse.networks import ConvLISTA
from lit_inverse.operators import Fourier, Gaussian, LinearOperator, Magnitude, Matrix
from lit_inverse.seeding import generator, source_of
from lit_inverse.solvers import Tikhonov
from lit_inverse.theory.instability import Change, instability, weakest_directions
from lit_inverse.theory.worst_directions import Effort, Tried, normal_like, worst_directions

M, N, ALPHA = 40, 90, 0.05


def with_singular_values(sigma: Tensor) -> Matrix:
    """(40, 90), with random singular vectors."""
    source = generator(1)
    u, v = (torch.linalg.qr(torch.randn(k, M, generator=source, dtype=torch.float64))[0] for k in (M, N))
    return Matrix(u * sigma @ v.mT)


def ill_conditioned() -> Matrix:
    return with_singular_values(torch.logspace(0, -3, M, dtype=torch.float64))


def tikhonov(operator: LinearOperator) -> "torch.nn.Module":
    solver = Tikhonov(alpha=ALPHA)
    return lambda y: solver.solve(y, operator).x  # type: ignore[return-value]


def measured(operator: LinearOperator, seed: int = 0) -> tuple[Tensor, Tensor]:
    x = torch.randn(1, *operator.in_shape, generator=generator(seed), dtype=torch.float64)
    return x[0], operator(x)[0]


def test_the_search_finds_the_largest_singular_value_of_a_linear_reconstruction_and_never_more() -> None:
    operator = ill_conditioned()
    sigma = torch.logspace(0, -3, M, dtype=torch.float64)
    largest = float((sigma / (sigma**2 + ALPHA)).max())  # at sigma near sqrt(alpha), in the middle of the spectrum
    for seed in range(5):
        x, y = measured(operator, seed)
        found = instability(tikhonov(operator), y, x, operator, n_kernel=4, seed=seed)
        assert 0.999 * largest <= found["adversarial"].value <= largest * (1 + 1e-9)
        assert found["kernel"].value <= found["adversarial"].value
        assert found["random"].value < 0.8 * largest


def test_more_directions_find_more_up_to_the_largest() -> None:
    operator = ill_conditioned()
    sigma = torch.logspace(0, -3, M, dtype=torch.float64)
    largest = float((sigma / (sigma**2 + ALPHA)).max())
    x, y = measured(operator)
    values = []
    for directions in (3, 6, 12, 24):
        effort = Effort(directions, rounds=4)
        values.append(instability(tikhonov(operator), y, x, operator, n_kernel=1, effort=effort)["adversarial"].value)
    assert values[0] < 0.9 * largest
    assert values == sorted(values)
    assert values[-1] == pytest.approx(largest)


@pytest.mark.parametrize("n_kernel", [1, 5])
def test_kernel_and_detail_of_tikhonov_have_closed_forms(n_kernel: int) -> None:
    operator = ill_conditioned()
    x, y = measured(operator)
    found = instability(tikhonov(operator), y, x, operator, n_kernel=n_kernel)
    sigma = torch.logspace(0, -3, M, dtype=torch.float64)[-n_kernel:]
    assert found["kernel"].value == pytest.approx(float((sigma / (sigma**2 + ALPHA)).max()), rel=1e-6)
    assert found["detail"].value == pytest.approx(float((ALPHA / (sigma**2 + ALPHA)).max()), rel=1e-6)
    assert (found["detail"].bound, found["detail"].n) == ("lower", n_kernel)
    assert found["floor"].value < 1e-9  # rounding differs with the batch


def test_the_random_amplification_is_that_of_the_frobenius_norm() -> None:
    """E ||R u||^2 = ||R||_F^2 / m for u uniform on the sphere; the spread of ||R u|| about it is small here."""
    operator = Gaussian((400,), 60, seed=0).to(torch.float64)
    x, y = measured(operator)
    effort = Effort(directions=200, rounds=1)
    found = instability(tikhonov(operator), y, x, operator, effort=effort)["random"]
    sigma = torch.linalg.svdvals(operator.matrix)
    expected = math.sqrt(float((sigma / (sigma**2 + ALPHA)).square().sum()) / 60)
    assert found.value == pytest.approx(expected, rel=0.01)
    assert abs(found.value - expected) < 3 * found.error
    assert (found.bound, found.n) == ("mean", 200)


def test_the_interval_of_few_random_directions_is_students() -> None:
    """12.706 times the standard error of two, which is half their distance."""
    operator = Matrix(torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64)))
    y = torch.ones(2, dtype=torch.float64)
    found = instability(lambda y: operator(y).detach(), y, y, operator, effort=Effort(directions=2, rounds=1))
    drawn = normal_like((2, 2), y, source_of(0, "instability"))
    first, second = (drawn[:, 0].abs() / drawn.norm(dim=1)).tolist()
    assert found["random"].value == pytest.approx((first + second) / 2)
    assert found["random"].error == pytest.approx(12.706 * abs(first - second) / 2, rel=1e-4)


def test_the_gradient_finds_what_the_search_without_it_finds() -> None:
    operator = ill_conditioned()
    x, y = measured(operator)
    matrix, unit = operator.matrix, torch.eye(M, dtype=torch.float64)
    reconstruction = torch.linalg.solve(matrix @ matrix.mT + ALPHA * unit, matrix).mT
    largest = float(torch.linalg.matrix_norm(reconstruction, 2))
    found = instability(lambda y: y @ reconstruction.mT, y, x, operator, n_kernel=2, effort=Effort(rounds=2))
    assert 0.99 * largest <= found["adversarial"].value <= largest * (1 + 1e-9)
    assert found["adversarial"].n == 2 * (24 + 2)


def unfolded() -> tuple[ConvLISTA, Gaussian]:
    network = ConvLISTA((1, 12, 12), n_layers=3, n_atoms=6, size=5)
    return network.double(), Gaussian((1, 12, 12), 40, seed=3).to(torch.float64)


def test_on_an_unfolded_network_both_searches_agree_with_the_jacobian() -> None:
    network, operator = unfolded()
    x, y = measured(operator)
    sigma = torch.zeros(1, dtype=torch.float64)

    def reconstruct(y: Tensor) -> Tensor:
        return network.iterates(y, operator, network.n_layers, sigma.expand(len(y)))[-1]

    jacobian = torch.autograd.functional.jacobian(lambda y: reconstruct(y[None])[0].flatten(), y)
    largest = float(torch.linalg.matrix_norm(jacobian, 2))
    small = {"size": 1e-5, "n_kernel": 4}
    by_gradient = instability(reconstruct, y, x, operator, **small)["adversarial"]  # type: ignore[arg-type]
    blind = instability(lambda y: reconstruct(y).detach(), y, x, operator, **small)["adversarial"]  # type: ignore[arg-type]
    assert by_gradient.value == pytest.approx(largest, rel=0.02)
    assert blind.value == pytest.approx(largest, rel=0.02)


def test_directions_without_a_gradient_are_kept() -> None:
    """Soft thresholding is constant where entries are small: most directions there have the gradient 0."""
    operator = Matrix(torch.eye(10, dtype=torch.float64))
    y = torch.full((10,), 0.5, dtype=torch.float64)
    y[0] = 2.0

    def reconstruct(y: Tensor) -> Tensor:
        return torch.nn.functional.softshrink(y[:, :1] * torch.eye(10, dtype=torch.float64)[0] + 0 * y, 0.9)

    found = instability(reconstruct, y, y, operator)
    assert found["adversarial"].value == pytest.approx(1.0)
    flat = instability(lambda y: torch.nn.functional.softshrink(y, 9.0), y, y, operator)
    assert flat["adversarial"].value == 0


def test_a_step_of_the_reconstruction_shows_at_the_size_that_reaches_it() -> None:
    """x_hat = sign(y_1): a change of 2 for any e that crosses 0, by 2 / ||e||; no derivative tells of it."""
    operator = Matrix(torch.eye(3, dtype=torch.float64))
    y = torch.tensor([0.05, 1.0, 1.0], dtype=torch.float64)

    def reconstruct(y: Tensor) -> Tensor:
        return torch.stack([y[:, 0].sign(), 0 * y[:, 0], 0 * y[:, 0]], dim=1).detach()

    for size, expected in ((0.01, 0.0), (0.2, 2 / (0.2 * float(y.norm())))):
        found = instability(reconstruct, y, y, operator, size=size)["adversarial"].value
        assert found == pytest.approx(expected)


def test_of_a_solver_that_depends_on_its_place_in_the_batch_the_floor_tells() -> None:
    operator = ill_conditioned()
    x, y = measured(operator)
    place = torch.arange(100, dtype=torch.float64)[:, None]
    found = instability(lambda y: (operator.adjoint(y) + place[: len(y)]).detach(), y, x, operator, size=0.5)
    assert found["floor"].value == pytest.approx(math.sqrt(N) / (0.5 * float(y.norm())))


def test_complex_measurements_are_perturbed_in_both_parts() -> None:
    mask = torch.rand(12, 12, generator=generator(0), dtype=torch.float32) < 0.5
    operator = Fourier((1, 12, 12), mask).to(torch.float64).on_reals()
    x, y = measured(operator)
    a = torch.stack([operator(one[None])[0] for one in torch.eye(144, dtype=torch.float64).view(144, 1, 12, 12)], dim=1)
    a = torch.view_as_real(a.flatten(0, -2)).movedim(-1, 1).flatten(0, 1)
    largest = float(torch.linalg.matrix_norm(a, 2))
    found = instability(lambda y: operator.adjoint(y).detach(), y, x, operator, effort=Effort(60, 5))
    assert found["adversarial"].value == pytest.approx(largest, rel=1e-6)
    assert found["kernel"].value <= largest


def test_of_an_operator_that_is_not_linear_the_kernel_is_left_out() -> None:
    operator = Magnitude(Gaussian((20,), 15, seed=0)).to(torch.float64)
    assert not isinstance(operator, LinearOperator)
    x = torch.randn(20, generator=generator(0), dtype=torch.float64)
    found = instability(lambda y: y.detach(), operator(x[None])[0], x, operator)
    assert set(found) == {"random", "adversarial", "floor"}


def test_the_weakest_directions_are_singular_vectors() -> None:
    operator = ill_conditioned()
    weakest = weakest_directions(operator, operator.matrix.new_zeros(M), 3)
    assert weakest is not None
    torch.testing.assert_close(weakest.sigma, torch.logspace(0, -3, M, dtype=torch.float64)[-3:])
    torch.testing.assert_close(operator(weakest.right), weakest.sigma[:, None] * weakest.left)


def test_singular_values_of_0_are_no_weakest_directions() -> None:
    sigma = torch.linspace(1, 2, M, dtype=torch.float64)
    sigma[:10] = 0
    operator = with_singular_values(sigma)
    weakest = weakest_directions(operator, operator.matrix.new_zeros(M), 4)
    assert weakest is not None
    assert weakest.sigma.min() == pytest.approx(float(sigma[10]))


def test_the_same_seed_tries_the_same() -> None:
    operator = ill_conditioned()
    x, y = measured(operator)
    few = Effort(3, 2)
    found = [instability(tikhonov(operator), y, x, operator, effort=few, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0]["random"] != found[2]["random"]


def test_what_is_tried_is_kept() -> None:
    operator = ill_conditioned()
    _, y = measured(operator)
    change = Change(tikhonov(operator), y, 0.1)
    first = Tried.of(change, torch.eye(M, dtype=torch.float64)[:5])
    tried = worst_directions(change, first, Effort(7, 3), source_of(0, "test"))
    assert len(tried.sizes) == 5 + 2 * 7
    torch.testing.assert_close(tried.directions.norm(dim=1), torch.ones(19, dtype=torch.float64))
    assert torch.equal(tried.directions[:5], first.directions)


@pytest.mark.parametrize("settings", [{"size": 0.0}, {"detail": -1.0}])
def test_impossible_sizes_are_refused(settings: dict[str, float]) -> None:
    operator = ill_conditioned()
    x, y = measured(operator)
    with pytest.raises(ValueError, match="expected a finite number > 0"):
        instability(tikhonov(operator), y, x, operator, **settings)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size is 1e-09, expected at least 1e-06: torch.float32"):
        instability(tikhonov(operator), y.float(), x, operator, size=1e-9)
    with pytest.raises(ValueError, match="length_of_e"):
        instability(tikhonov(operator), 0 * y, x, operator)
