"""Each search of a generator's range against a closed form, or against plain code."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from linear_generator import SEEDS, LinearGenerator, problem, ridge
from numpy.typing import NDArray
from torch import Tensor

from lit_inverse.bases import make_basis
from lit_inverse.networks import VAE, ReLUGenerator
from lit_inverse.operators import Gaussian, Identity, Magnitude, Matrix, Sign
from lit_inverse.seeding import generator
from lit_inverse.solvers import (
    GenerativeADMM,
    IntermediateLayer,
    Langevin,
    LatentSearch,
    MedianOfMeans,
    ProjectedGradient,
    SparseGen,
    Status,
    SubgradientDescent,
)
from lit_inverse.solvers.fitting import AbsoluteError

CLOSE = {"rtol": 0.0, "atol": 1e-4}


@pytest.mark.parametrize(("optimizer", "lr", "max_iter"), [("adam", 0.1, 600), ("sgd", 0.01, 600), ("lbfgs", 1.0, 30)])
def test_every_optimizer_finds_the_ridge_solution(optimizer: str, lr: float, max_iter: int) -> None:
    _, a, y = problem()
    solver = LatentSearch(LinearGenerator(), max_iter, lr, n_restarts=2, optimizer=optimizer)  # type: ignore[arg-type]
    torch.testing.assert_close(solver.solve(y, a, seeds=SEEDS).x, ridge(y, a, 0.1), **CLOSE)


def test_absolute_errors_bear_measurements_that_are_wrong() -> None:
    x, a, y = problem(noise=0.0)
    y[:, 2] += 50
    robust = LatentSearch(LinearGenerator(), 500, 0.05, 4, prior=1e-6, data_term=AbsoluteError()).solve(
        y, a, seeds=SEEDS
    )
    assert (robust.x - x).norm() < 0.1 < 1 < (ridge(y, a, 1e-6) - x).norm()


def test_medians_of_means_bear_measurements_that_are_wrong() -> None:
    x, a, y = problem(noise=0.0)
    y[:, 2] += 50
    robust = MedianOfMeans(LinearGenerator(), 300, 0.05, 4, prior=1e-6, n_blocks=8).solve(y, a, seeds=SEEDS)
    assert (robust.x - x).norm() < 0.2 * (ridge(y, a, 1e-6) - x).norm()


def test_the_median_of_a_single_block_is_least_squares() -> None:
    _, a, y = problem()
    one = MedianOfMeans(LinearGenerator(), 40, n_restarts=2, n_blocks=1).solve(y, a, seeds=SEEDS)
    torch.testing.assert_close(one.x, LatentSearch(LinearGenerator(), 40, n_restarts=2).solve(y, a, seeds=SEEDS).x)


@pytest.mark.parametrize("of_complex", [False, True])
def test_admm_finds_the_ridge_solution(of_complex: bool) -> None:
    _, a, y = problem()
    if of_complex:  # with a real w: a complex one leaves the solution again
        parts, both = (a.matrix, a.matrix.flip(2)), torch.cat([y, y.flip(1)], 1)
        a, expected = Matrix(torch.complex(*parts)), ridge(both, Matrix(torch.cat(parts, 1)), 0.1)
        y = torch.complex(y, y.flip(1))
    else:
        expected = ridge(y, a, 0.1)
    found = GenerativeADMM(LinearGenerator(), 800, lr=0.05, n_restarts=1, prior=0.05).solve(y, a, seeds=SEEDS)
    torch.testing.assert_close(found.x, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("signs", [False, True])
def test_projected_gradients_are_those_of_the_literature(signs: bool) -> None:
    """x <- P(x + step A^T (y - A x)), or with signs of A x; P is the product with W W^+."""
    x, a, _ = problem()
    operator = Sign(a, straight_through=True) if signs else a
    solver = ProjectedGradient(LinearGenerator(), max_iter=3, step=0.7, n_inner=300, lr=0.05)
    solution = solver.solve(operator(x), operator, seeds=SEEDS, trace=[0])
    assert solution.iterates is not None
    found, w = solution.iterates[0], LinearGenerator().w
    for _ in range(3):
        found = (found + 0.7 * a.adjoint(operator(x) - operator(found))) @ (w @ torch.linalg.pinv(w)).mT
    torch.testing.assert_close(solution.x, found, rtol=0, atol=5e-3)


def test_langevin_samples_the_posterior_of_a_linear_generator() -> None:
    _, a, y = problem()
    sigma = 0.1
    solver = Langevin(LinearGenerator(), max_iter=600, n_chains=20, n_samples=2000, n_restarts=1)
    solution = solver.solve(y, a, sigma=sigma, seeds=SEEDS)
    w = LinearGenerator().w
    aw = a.matrix @ w
    covariance = w @ torch.linalg.inv(aw.mT @ aw / sigma**2 + torch.eye(3).double()) @ w.mT
    assert solution.samples is not None
    std = covariance.diagonal(dim1=1, dim2=2).sqrt()
    torch.testing.assert_close(solution.samples.std(0), std, rtol=0.12, atol=1e-3)
    assert ((solution.x - ridge(y, a, sigma**2)).abs() < 0.15 * std + 1e-3).all()
    assert solution.samples.shape == (2000, 2, 12)


@pytest.mark.parametrize("scale", [1.0, 10.0, 100.0])
def test_langevin_bears_directions_that_y_says_nothing_of(scale: float) -> None:
    """J^T J / sigma^2 + I with m < k: its condition is beyond float32."""
    a = Matrix(scale * Gaussian((12,), 2, [1, 2]).matrix)
    y = a(torch.rand(2, 12, generator=generator(0), dtype=torch.float32))
    solution = Langevin(LinearGenerator().float(), 60, n_restarts=1).solve(y, a, sigma=0.0, seeds=SEEDS)
    assert solution.status == [Status.MAX_ITER] * 2
    assert (solution.history["acceptance"].mean(0) > 0.3).all()


class Steep(LinearGenerator):
    """W exp(1e3 |z|), infinite at most starts, and its derivative too."""

    def forward(self, z: Tensor) -> Tensor:
        return super().forward((1e3 * z.abs()).exp())


def test_langevin_without_a_finite_start_has_diverged() -> None:
    _, a, y = problem()
    solution = Langevin(Steep(), 20, n_restarts=1).solve(y, a, sigma=0.1, seeds=SEEDS)
    assert solution.status == [Status.DIVERGED] * 2
    assert solution.x.isfinite().all()


def test_a_single_sample_of_each_chain_is_its_last_state() -> None:
    _, a, y = problem()
    solver = Langevin(LinearGenerator(), 30, n_chains=3, n_samples=3, n_restarts=1)
    solution = solver.solve(y, a, sigma=0.1, seeds=SEEDS, trace=[30])
    assert solution.samples is not None
    assert solution.iterates is not None
    assert torch.equal(solution.samples[0], solution.iterates[0])


def test_sparse_gen_with_a_heavy_penalty_is_latent_search() -> None:
    _, a, y = problem()
    settings = {"max_iter": 50, "lr": 0.05, "n_restarts": 2}
    found = SparseGen(LinearGenerator(), lam=1e3, warm_up=0, basis="pixel", **settings).solve(y, a, seeds=SEEDS)  # type: ignore[arg-type]
    expected = LatentSearch(LinearGenerator(), **settings).solve(y, a, seeds=SEEDS)  # type: ignore[arg-type]
    torch.testing.assert_close(found.x, expected.x)


def test_a_short_search_warms_up_for_a_part_of_its_steps() -> None:
    _, a, y = problem()
    found, expected, one = (SparseGen(LinearGenerator(), 10, steps).solve(y, a, seeds=SEEDS).x for steps in (300, 3, 9))
    assert torch.equal(found, expected)
    assert not torch.equal(found, one)


class Constant(LinearGenerator):
    """G(z) = 1 whatever z."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return 1 + 0 * super().forward(z)


@pytest.mark.parametrize("basis", ["pixel", "dct"])
def test_the_deviation_moves_by_the_steps_of_ista(basis: str) -> None:
    """On y - A G(z), after the warm-up, with the penalty lam n / m."""
    _, a, y = problem()
    found = SparseGen(Constant(), 40, 10, n_restarts=1, lam=0.3, basis=basis).solve(y, a, seeds=SEEDS).x  # type: ignore[arg-type]
    psi = make_basis(basis, (12,), y).synthesis(torch.eye(12).double()).numpy().T  # type: ignore[arg-type]
    for i in range(2):
        matrix, v = a.matrix[i].numpy() @ psi, np.zeros(12)
        step = 1 / (2 * np.linalg.norm(matrix, 2) ** 2)
        for _ in range(30):
            v = v - 2 * step * matrix.T @ (matrix @ v + a.matrix[i].numpy() @ np.ones(12) - y[i].numpy())
            v = np.sign(v) * np.maximum(np.abs(v) - step * 0.3 * 12 / 8, 0)
        assert np.abs(v).max() > 0.1
        np.testing.assert_allclose(found[i].numpy(), 1 + psi @ v, atol=1e-6)


def vae() -> VAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return VAE((1, 6, 6), 4, hidden=(16, 12)).double()


def image_problem() -> tuple[torch.Tensor, Gaussian]:
    a = Gaussian((1, 6, 6), 20, [1, 2]).double()
    return a(torch.rand(2, 1, 6, 6, generator=generator(0), dtype=torch.float64)), a


def test_deviations_are_sparse_in_wavelets_of_odd_sides_too() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        odd = VAE((1, 7, 5), 4, hidden=(16, 12)).double()
    a = Gaussian((1, 7, 5), 20, [1, 2]).double()
    y = a(torch.rand(2, 1, 7, 5, generator=generator(0), dtype=torch.float64))
    free, bound = (
        SparseGen(odd, 60, 10, n_restarts=1, lam=lam, basis="wavelet", wavelet="haar") for lam in (0.01, 1e3)
    )
    residuals = [(a(solver.solve(y, a, seeds=SEEDS).x) - y).norm() for solver in (free, bound)]
    assert residuals[0] < 0.5 * residuals[1]


def test_intermediate_layers_in_tiny_balls_are_latent_search() -> None:
    y, a = image_problem()
    found = IntermediateLayer(vae(), 30, n_restarts=2, radii=(1e-9,)).solve(y, a, seeds=SEEDS)
    expected = LatentSearch(vae(), 30, n_restarts=2).solve(y, a, seeds=SEEDS).x
    torch.testing.assert_close(found.x, expected, rtol=0, atol=1e-8)
    assert found.n_iter.tolist() == [60, 60]
    assert found.history["loss"].shape == (60, 2)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_each_stage_lowers_the_misfit(norm: str) -> None:
    y, a = image_problem()
    misfits = []
    for radii in ((), (0.5,), (0.5, 0.5)):
        x = IntermediateLayer(vae(), 60, 0.03, 2, radii=radii, norm=norm).solve(y, a, seeds=SEEDS).x  # type: ignore[arg-type]
        misfits.append((y - a(x)).square().sum(1))
    assert (misfits[1] < misfits[0]).all()
    assert (misfits[2] < misfits[1]).all()


class TwoStages(LinearGenerator):
    """G_2(h) = h, so that the vector that moves in its ball is the answer."""

    def stages(self) -> list[Callable[[Tensor], Tensor]]:
        return [self, torch.nn.Identity()]


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_a_stage_comes_near_the_least_misfit_over_its_ball(norm: str) -> None:
    """||h - G_1(z)|| <= radius sqrt(m / n), against projected gradients in numpy; Adam's scales keep it off that."""
    _, a, y = problem()
    settings = {"max_iter": 300, "lr": 0.02, "n_restarts": 1}
    found = IntermediateLayer(TwoStages(), radii=(0.5,), norm=norm, **settings).solve(y, a, seeds=SEEDS).x  # type: ignore[arg-type]
    centre = LatentSearch(LinearGenerator(), **settings).solve(y, a, seeds=SEEDS).x  # type: ignore[arg-type]
    radius = 0.5 * (8 / 12) ** 0.5
    for i in range(2):
        matrix, d, residual = a.matrix[i].numpy(), np.zeros(12), (y - a(centre))[i].numpy()
        for _ in range(400):
            d = nearest(d - matrix.T @ (matrix @ d - residual) / np.linalg.norm(matrix, 2) ** 2, radius, norm)
        moved = (found - centre)[i].numpy()
        misfit, least = (np.sum((matrix @ change - residual) ** 2) for change in (moved, d))
        assert np.linalg.norm(moved, 1 if norm == "l1" else 2) == pytest.approx(radius, rel=1e-6)
        assert (1 - 1e-6) * least < misfit < 1.3 * least
        assert misfit < 0.6 * np.sum(residual**2)


def nearest(v: NDArray[np.float64], radius: float, norm: str) -> NDArray[np.float64]:
    """The point of the ball, for l1 by bisection of the threshold."""
    if norm == "l2":
        return v * min(1.0, radius / max(np.linalg.norm(v), 1e-300))
    low, high = 0.0, np.abs(v).max()
    if np.abs(v).sum() <= radius:
        return v
    for _ in range(40):
        tau = (low + high) / 2
        low, high = (tau, high) if np.maximum(np.abs(v) - tau, 0).sum() > radius else (low, tau)
    return np.sign(v) * np.maximum(np.abs(v) - high, 0)


def test_more_balls_than_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="radii are .* expected fewer than the layers .* 3"):
        IntermediateLayer(vae(), radii=(1.0, 1.0, 1.0))


def plain_algorithm_1(
    weights: list[NDArray[np.float64]], a: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cocola 2022, Algorithm 1, 20 steps of 0.5; the product of the active rows is the Jacobian."""

    def g(z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        jacobian = np.eye(len(z))
        for w in weights:
            z = w @ z
            jacobian = (z > 0)[:, None] * (w @ jacobian)
            z = np.maximum(z, 0)
        return z, jacobian

    for _ in range(20):
        if np.sum((y - a @ g(-z)[0]) ** 2) < np.sum((y - a @ g(z)[0]) ** 2):
            z = -z
        x, jacobian = g(z)
        z = z - 0.5 * jacobian.T @ a.T @ (a @ x - y)
    if np.sum((y - a @ g(-z)[0]) ** 2) < np.sum((y - a @ g(z)[0]) ** 2):
        z = -z
    return g(z)[0]


def test_subgradient_descent_is_algorithm_1() -> None:
    network = ReLUGenerator((4, 60, 40, 20)).double()
    a = Gaussian((20,), 12, [1, 2]).double()
    z = torch.randn(2, 4, generator=generator(9)).double()
    y = a(network(z)).detach()
    found = SubgradientDescent(network, 20).solve(y, a, seeds=SEEDS)
    weights = [weight.detach().numpy() for weight in network.parameters()]
    for i, seed in enumerate(SEEDS):
        start = torch.randn(4, generator=generator(seed)).double().numpy()
        expected = plain_algorithm_1(weights, a.matrix[i].numpy(), y[i].numpy(), start)
        np.testing.assert_allclose(found.x[i].numpy(), expected, atol=1e-9)


def test_unscaled_weights_want_a_step_larger_by_two_to_the_depth() -> None:
    """G / 2^(d/2) makes f(z) / 2^d of the signal's y / 2^(d/2)."""
    scaled, unscaled = (ReLUGenerator((4, 60, 40, 20), scale=scale).double() for scale in ("he", "unit"))  # type: ignore[arg-type]
    a = Gaussian((20,), 12, [1, 2]).double()
    x = scaled(torch.randn(2, 4, generator=generator(9)).double()).detach()
    here = SubgradientDescent(scaled, 30, 0.5).solve(a(x), a, seeds=SEEDS)
    there = SubgradientDescent(unscaled, 30, 0.5 * 2**3).solve(a(x) / 2**1.5, a, seeds=SEEDS)
    torch.testing.assert_close(there.x * 2**1.5, here.x, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["compressed sensing", "phase retrieval", "inversion"])
def test_subgradient_descent_recovers_signals_of_random_networks(name: str) -> None:
    network = ReLUGenerator((5, 150, 200, 100)).double()
    x = network(torch.randn(10, 5, generator=generator(1)).double()).detach()
    a = Gaussian((100,), 60, list(range(10))).double()
    operator = {"compressed sensing": a, "phase retrieval": Magnitude(a), "inversion": Identity((100,)).double()}[name]
    solution = SubgradientDescent(network, 150, n_restarts=5).solve(operator(x), operator, seeds=range(10))
    error = (solution.x - x).norm(dim=1) / x.norm(dim=1)
    assert (error < 1e-3).sum() >= 9
    assert solution.status == [Status.MAX_ITER] * 10


@pytest.mark.parametrize(
    ("solver", "settings", "message"),
    [
        (SubgradientDescent, {"step": 0.0}, "step is 0.0, expected a positive"),
        (ProjectedGradient, {"n_inner": 0}, "n_inner is 0, expected"),
        (GenerativeADMM, {"rho": -1.0}, "rho is -1.0, expected"),
        (SparseGen, {"lam": -1.0}, "lam is -1.0, expected"),
        (IntermediateLayer, {"norm": "l3"}, "norm is 'l3', expected one of l1, l2"),
        (IntermediateLayer, {"radii": (0.0,)}, "radius 1 is 0.0, expected"),
        (Langevin, {"n_samples": 7}, "n_samples is 7, expected a multiple"),
        (Langevin, {"burn_in": 1.0}, "burn_in is 1.0, expected"),
        (Langevin, {"max_iter": 0}, "max_iter is 0, expected"),
        (GenerativeADMM, {"prior": -1.0}, "prior is -1.0, expected"),
        (MedianOfMeans, {"lr": 0.0}, "lr is 0.0, expected"),
        (MedianOfMeans, {"n_blocks": 0}, "n_blocks is 0, expected"),
        (LatentSearch, {"optimizer": "newton"}, "optimizer is 'newton', expected one of adam, sgd, lbfgs"),
    ],
)
def test_impossible_settings_are_refused_by_name(solver: type, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solver(vae(), **settings)


@pytest.mark.parametrize("solver", [SparseGen, GenerativeADMM])
def test_operators_that_are_not_linear_are_refused(solver: type[SparseGen]) -> None:
    a = Magnitude(Gaussian((1, 6, 6), 20, 0).double())
    with pytest.raises(ValueError, match="Magnitude is not linear"):
        solver(vae()).solve(torch.rand(2, 20).double(), a)
