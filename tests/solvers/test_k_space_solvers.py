"""Solvers of k-space of several coils."""

import dataclasses
import functools
import math
from pathlib import Path

import h5py
import pytest
import torch
from problems import k_space
from torch import Tensor

from lit_inverse import metrics
from lit_inverse.denoisers import TV
from lit_inverse.magnitudes import root_sum_of_squares
from lit_inverse.networks import ConvDecoder
from lit_inverse.operators import (
    CartesianFourier,
    ComplexFromChannels,
    Fourier,
    Gaussian,
    Identity,
    masks,
    on_real_channels,
)
from lit_inverse.solvers import (
    RED,
    SENSE,
    TVAL3,
    DeepPrior,
    Lasso,
    PlugAndPlay,
    RealChannels,
    Solver,
    Status,
    Tikhonov,
    ZeroFilled,
)
from lit_inverse.solvers.inner import limited

MEASURED = Path(__file__).resolve().parents[3] / "shared" / "data" / "fastmri" / "multicoil"


def brain() -> Tensor:
    """k-space (8, 230, 180) of a measured slice, from the shared data."""
    path = MEASURED / "espirit_brain_8ch.h5"
    if not path.exists():
        pytest.skip("needs ../shared/data/fastmri")
    with h5py.File(path) as file:
        return torch.from_numpy(file["kspace"][0])


def shepp(n_coils: int = 4, side: int = 48) -> tuple[Tensor, Tensor]:
    """k-space (coils, side, side) in float64 of discs seen by smooth coils, and the magnitude of the discs."""
    grid = torch.linspace(-1, 1, side, dtype=torch.float64)
    i, j = torch.meshgrid(grid, grid, indexing="ij")
    image = ((i / 0.8) ** 2 + (j / 0.65) ** 2 < 1) * 1.0 + ((i - 0.2) ** 2 + (j / 0.5) ** 2 < 0.1) * 0.5
    angles = torch.arange(n_coils, dtype=torch.float64)[:, None, None] * (2 * math.pi / n_coils)
    coils = torch.polar(torch.exp(-((i - angles.sin()) ** 2 + (j - angles.cos()) ** 2) / 2), angles + 0.3 * i)
    coils = coils / torch.linalg.vector_norm(coils, dim=0)
    everything = Fourier((n_coils, side, side), torch.ones(side, side, dtype=torch.bool))
    return everything((coils * image)[None]).view(n_coils, side, side), image


def error(solver: Solver, kspace: Tensor, operator: Fourier, image: Tensor) -> float:
    found = root_sum_of_squares(solver.solve(operator.sample(kspace[None]), operator).x)
    return float(metrics.nmse(found, image[None, None]))


def test_zero_filling_is_the_adjoint_and_reads_back_all_frequencies() -> None:
    kspace, image = shepp()
    everything = Fourier(tuple(kspace.shape), torch.ones(48, 48, dtype=torch.bool))
    assert error(ZeroFilled(), kspace, everything, image) < 1e-20


def test_sampled_k_space_is_what_the_operator_measures_of_its_image() -> None:
    kspace, _ = shepp()
    everything = Fourier(tuple(kspace.shape), torch.ones(48, 48, dtype=torch.bool))
    images = everything.adjoint(kspace.flatten(1)[None])
    for norm in ("ortho", "backward"):
        operator = CartesianFourier(tuple(kspace.shape), 3.0, seed=[5], norm=norm)
        torch.testing.assert_close(operator.sample(kspace[None]), operator(images), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("maps", "share"), [("espirit", 0.1), ("low_frequency_ratio", 0.25)])
def test_sense_unfolds_what_zero_filling_folds(maps: str, share: float) -> None:
    kspace, image = shepp()
    operator = CartesianFourier(tuple(kspace.shape), 2.0, 0.25, kind="equispaced", seed=[0])
    sense = SENSE(Tikhonov(1e-4, max_iter=50), maps=maps)  # type: ignore[arg-type]
    assert error(sense, kspace, operator, image) < share * error(ZeroFilled(), kspace, operator, image)


def test_wavelets_with_sensitivities_take_odd_sides() -> None:
    kspace, image = shepp(side=47)
    operator = CartesianFourier(tuple(kspace.shape), 2.0, 0.25, seed=[0])
    wavelets = SENSE(RealChannels(Lasso("wavelet", 1e-3, "relative", gap=1e-4, max_iter=200)))
    assert error(wavelets, kspace, operator, image) < 0.5 * error(SENSE(), kspace, operator, image)


def test_the_unit_of_measurements_does_not_matter() -> None:
    problem = k_space()
    for solver in (SENSE(TVAL3(model="tv_l2", max_iter=20)), RealChannels(Tikhonov(max_iter=20), rms=0.5)):
        small, large = (solver.solve(unit * problem.y, problem.operator, sigma=unit * 0.01).x for unit in (1e-6, 1.0))
        torch.testing.assert_close(1e6 * small, large, rtol=1e-6, atol=1e-8)


def test_a_few_slices_at_once_are_enough_for_a_processor() -> None:
    assert SENSE(TVAL3()).preferred_batch(torch.device("cpu")) == 4
    assert SENSE(TVAL3()).preferred_batch(torch.device("cuda")) == TVAL3().preferred_batch(torch.device("cuda"))
    assert SENSE(RealChannels(DeepPrior())).preferred_batch(torch.device("cpu")) == 1


def test_one_coil_has_no_sensitivities() -> None:
    kspace, _ = shepp(n_coils=1)
    operator = CartesianFourier((1, 48, 48), 2.0, seed=[0])
    y, inner = operator.sample(kspace[None]), Tikhonov(1e-2)
    alone = inner.solve(y / operator.adjoint(y).abs().max(), operator).x * operator.adjoint(y).abs().max()
    torch.testing.assert_close(SENSE(inner).solve(y, operator).x, alone)


def test_a_mask_without_a_middle_is_refused() -> None:
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[:, ::2] = True
    with pytest.raises(ValueError, match="keeps 16 x 1 coefficients around the zero frequency"):
        SENSE().check_all(Fourier((2, 16, 16), mask), None)
    with pytest.raises(ValueError, match="operator is Gaussian, expected Fourier"):
        SENSE().check_all(Gaussian((1, 6, 6), 20, 0), None)


def test_a_denoiser_in_grey_levels_is_refused() -> None:
    operator = CartesianFourier((2, 16, 16), 2.0, 0.25)
    for solver in (PlugAndPlay(), RED(), RealChannels(PlugAndPlay(TV(value_range=(-1.0, 1.0))))):
        with pytest.raises(ValueError, match=r"value range \(.*\), but images .*: give it one with value_range"):
            SENSE(solver).check_all(operator, None)
    SENSE(PlugAndPlay(TV())).check_all(operator, None)


def test_what_the_solver_within_refuses_is_refused_before_there_are_measurements() -> None:
    sense = SENSE(RealChannels(Lasso(basis="wavelet", level=9)))
    for seed in (0, [0, 1]):
        with pytest.raises(ValueError, match="level is 9, expected 0 to"):
            sense.check_all(CartesianFourier((2, 16, 16), 2.0, 0.25, seed=seed), None)


@pytest.mark.parametrize(("height", "columns"), [(16, 5), (15, 4), (16, 1)])
def test_the_measured_middle_is_the_block_of_the_mask(height: int, columns: int) -> None:
    mask = masks.cartesian((height, 20), 4.0, columns / 20, kind="random", seed=3)
    middle = masks.measured_middle(mask)
    assert middle[0] == height
    assert middle[1] >= columns
    first = 10 - middle[1] // 2
    assert mask[:, first : first + middle[1]].all()


def test_real_channels_are_real_and_imaginary_parts() -> None:
    x = torch.randn(2, 3, 4, 5, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    channels = torch.cat([x.real, x.imag], 1)
    assert torch.equal(ComplexFromChannels((3, 4, 5))(channels), x)
    operator = Fourier((3, 4, 5), torch.ones(4, 5, dtype=torch.bool))
    real = on_real_channels(operator)
    torch.testing.assert_close(real(channels), operator(x))
    back = operator.adjoint(operator(x))
    torch.testing.assert_close(real.adjoint(operator(x)), torch.cat([back.real, back.imag], 1))
    torch.testing.assert_close(real.norm(), operator.norm())
    y = operator(x)
    found = RealChannels(Tikhonov(1e-2)).solve(y, operator).x
    torch.testing.assert_close(found, Tikhonov(1e-2).solve(y, operator).x, rtol=1e-8, atol=1e-10)


def test_real_images_are_left_to_the_solver_alone() -> None:
    kspace, solver = CartesianFourier((1, 16, 16), 2.0, seed=[0]), RealChannels(Tikhonov())
    solver.check_all(kspace, None)
    for operator in (Gaussian((1, 16, 16), 20, [0, 1]), kspace.on_reals()):
        with pytest.raises(ValueError, match="A is .*, of real images: take the solver within RealChannels alone"):
            solver.check_all(operator, None)
    with pytest.raises(ValueError, match="y has dtype torch.float32, expected a complex one"):
        solver.solve(torch.ones(1, *kspace.out_shape), kspace)


def test_complex_images_measured_by_a_real_operator() -> None:
    x = torch.randn(1, 1, 16, 16, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    identity = Identity((1, 16, 16))
    found = RealChannels(Tikhonov(1e-6)).solve(identity(x), identity).x
    torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-4)


def fit(**settings: object) -> RealChannels:
    network = functools.partial(ConvDecoder, width=4, depth=2)
    return RealChannels(DeepPrior(network, lr=1e-2, max_iter=6), rms=0.577, **settings)  # type: ignore[arg-type]


def test_several_fits_are_averaged_and_measured_frequencies_put_back() -> None:
    problem = k_space()
    one, three = (fit(n_fits=n).solve(problem.y, problem.operator, seeds=[1, 2, 3]).x for n in (1, 3))
    assert not torch.allclose(one, three)
    consistent = fit(n_fits=3, data_consistent=True).solve(problem.y, problem.operator, seeds=[1, 2, 3]).x
    torch.testing.assert_close(problem.operator(consistent), problem.y)
    torch.testing.assert_close(consistent - three, problem.operator.pinv(problem.y - problem.operator(three)))


def test_what_measures_nothing_has_a_black_image() -> None:
    """In the tiny units of a scanner, what a network makes of noise would outshine all other slices."""
    problem = k_space()
    y = problem.y * torch.tensor([1.0, 0.0, 1.0]).view(-1, *[1] * (problem.y.ndim - 1))
    for solver in (fit(), fit(data_consistent=True), SENSE(fit())):
        size = solver.solve(y, problem.operator, seeds=[1, 2, 3], trace=[2]).x.abs().flatten(1).amax(1)
        assert [float(one) > 0 for one in size] == [True, False, True]


def test_an_item_has_diverged_where_one_of_its_fits_has(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter([[Status.MAX_ITER] * 3, [Status.MAX_ITER, Status.DIVERGED, Status.CONVERGED]])
    solver, problem = fit(n_fits=2), k_space()
    whole = type(solver.solver).solve
    monkeypatch.setattr(
        type(solver.solver), "solve", lambda *a, **b: dataclasses.replace(whole(*a, **b), status=next(statuses))
    )
    found = solver.solve(problem.y, problem.operator, seeds=[1, 2, 3]).status
    assert found == [Status.MAX_ITER, Status.DIVERGED, Status.MAX_ITER]


@pytest.mark.parametrize("data_consistent", [False, True])
@pytest.mark.parametrize("with_sensitivities", [False, True])
def test_iterates_are_what_would_be_returned(with_sensitivities: bool, data_consistent: bool) -> None:
    problem = k_space()
    solver: Solver = fit(data_consistent=data_consistent)
    if with_sensitivities:
        solver = SENSE(fit(), data_consistent=data_consistent)
    solution = solver.solve(problem.y, problem.operator, seeds=[1, 2, 3], trace=[3, 6])
    assert solution.iterates is not None
    torch.testing.assert_close(solution.iterates[1], solution.x)
    if data_consistent:
        torch.testing.assert_close(problem.operator(solution.iterates[0]), problem.y)
        torch.testing.assert_close(problem.operator(solution.x), problem.y)


def test_iterations_are_limited_within() -> None:
    solver = SENSE(RealChannels(Lasso(max_iter=50)), max_iter=7)
    assert (solver.max_iter, solver.solver.max_iter, solver.solver.solver.max_iter) == (7, 7, 7)  # type: ignore[attr-defined]
    inner = Lasso(max_iter=50)
    assert limited(inner, None) is inner
    assert limited(ZeroFilled(), 3).__class__ is ZeroFilled


def test_total_variation_with_sensitivities_is_better_on_a_measured_slice() -> None:
    kspace = brain()
    everything = Fourier(tuple(kspace.shape), torch.ones(*kspace.shape[1:], dtype=torch.bool))
    image = root_sum_of_squares(everything.adjoint(kspace.flatten(1)[None]))[0, 0]
    operator = CartesianFourier(tuple(kspace.shape), 4.0, kind="equispaced", seed=[0])
    zero_filled = error(ZeroFilled(), kspace, operator, image)
    assert error(SENSE(TVAL3(model="tv_l2", mu=2048.0, max_iter=150)), kspace, operator, image) < 0.4 * zero_filled
