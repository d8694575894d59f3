"""Lasso against scikit-learn's optimum, and its own certificate."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import pywt
import torch
from sklearn.linear_model import Lasso as ScikitLasso
from torch import Tensor

from lit_inverse.bases import DCT, Basis, Pixel, Wavelet
from lit_inverse.operators import CartesianFourier, Gaussian, LinearOperator, Matrix, Operator
from lit_inverse.solvers import Lasso, Status
from lit_inverse.solvers.sparse import synthesis

SHAPE = (1, 8, 8)
N = 64


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def basis(name: str, shape: tuple[int, ...] = SHAPE) -> Basis:
    like = draw(1)
    return {"dct": DCT(shape, like), "wavelet": Wavelet(shape, "db4", None, like), "pixel": Pixel()}[name]


def problem(m: int = 30, items: int = 3, seed: int = 0, per_item: bool = False) -> tuple[Tensor, Matrix]:
    """Noisy measurements of smooth images."""
    x = torch.nn.functional.avg_pool2d(draw(items, 1, 10, 10, seed=seed), 3, stride=1)
    a = draw(*([items] if per_item else []), m, N, seed=seed + 1) / math.sqrt(m)
    operator = Matrix(a, SHAPE)
    return operator(x) + 0.01 * draw(items, m, seed=seed + 2), operator


def explicit(operator: Matrix, item: int, name: str) -> Tensor:
    """A Psi of one item, by analysing the rows of A."""
    a = operator.matrix if operator.n_items is None else operator.matrix[item]
    return basis(name, operator.in_shape).analysis(a.view(-1, *operator.in_shape)).flatten(1)


def objective(a: Tensor, y: Tensor, z: Tensor, lam: float) -> float:
    return float((a @ z - y).square().sum() / 2 + lam * z.abs().sum())


def scikit(a: Tensor, y: Tensor, alpha: float, intercept: bool = False) -> Tensor:
    """The optimal coefficients."""
    model = ScikitLasso(alpha, fit_intercept=intercept, tol=1e-10, max_iter=1_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a tolerance at the limit of rounding
        return torch.from_numpy(model.fit(a.numpy(), y.numpy()).coef_)


@pytest.mark.parametrize("number", range(20))
def test_objective_and_image_are_those_of_scikit_learns_optimum(number: int) -> None:
    name = ("dct", "wavelet", "pixel")[number % 3]
    m = (10, 30, 50, 90)[number % 4]
    y, operator = problem(m, seed=10 * number, per_item=number % 2 == 1)
    lam = (0.3, 0.01, 0.001, 1e-4, 0.05)[number % 5]
    x_hat = Lasso(name, lam).solve(y, operator).x
    for item in range(len(y)):
        a, z = explicit(operator, item, name), basis(name).analysis(x_hat[item : item + 1]).flatten()
        best = scikit(a, y[item], lam / m)
        minimum = objective(a, y[item], best, lam)
        assert objective(a, y[item], z, lam) <= minimum * (1 + 1e-6)
        if m < 90:  # scikit-learn itself stops at a gap of 1e-10 ||y||^2
            assert objective(a, y[item], z, lam) >= minimum * (1 - 1e-5)
        torch.testing.assert_close(z, best, rtol=0, atol=2e-3 * float(best.abs().max()))


@pytest.mark.parametrize("per_item", [False, True])
@pytest.mark.parametrize("name", ["dct", "wavelet", "pixel"])
def test_intercept_and_alpha_are_scikit_learns(name: str, per_item: bool) -> None:
    y, operator = problem(per_item=per_item)
    x_hat = Lasso(name, 1e-3, "sklearn", intercept=True, gap=1e-10).solve(y + 2, operator).x
    for item in range(3):
        best = scikit(explicit(operator, item, name), y[item] + 2, 1e-3, intercept=True)
        z = basis(name).analysis(x_hat[item : item + 1]).flatten()
        torch.testing.assert_close(z, best, rtol=0, atol=1e-5)


def pywt_dictionary(shape: tuple[int, int], padded: tuple[int, int], level: int) -> np.ndarray:
    """One wavelet a column, each on the padded image, of which the image is cut out."""
    empty, slices = pywt.coeffs_to_array(pywt.wavedec2(np.zeros(padded), "haar", mode="periodization", level=level))
    atoms = []
    for unit in np.eye(empty.size):
        parts = pywt.array_to_coeffs(unit.reshape(padded), slices, "wavedec2")
        atoms.append(pywt.waverec2(parts, "haar", mode="periodization")[: shape[0], : shape[1]].ravel())
    return np.array(atoms).T


@pytest.mark.parametrize("kind", ["matrix", "one matrix per item", "products", "complex"])
def test_images_of_odd_sides_are_scikit_learns_in_the_frame_of_pywavelets(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape, psi = (7, 10), pywt_dictionary((7, 10), (8, 12), 2)
    x = torch.nn.functional.avg_pool2d(draw(2, 1, 9, 12), 3, stride=1)
    operator: LinearOperator = CartesianFourier((1, *shape), 2.0, 0.2, seed=4).double()
    if kind != "complex":
        operator = Gaussian((1, *shape), 30, [3, 4] if kind == "one matrix per item" else 3).double()
    if kind == "products":
        monkeypatch.setattr(synthesis, "_EXPLICIT_SIZE", 0)
    y = operator(x)
    found = Lasso("wavelet", 0.02, wavelet="haar", level=2, gap=1e-12).solve(y, operator)
    assert found.status == [Status.CONVERGED] * 2
    for item in range(2):
        one = operator.take([item])
        columns = torch.stack([one(unit.view(1, 1, *shape))[0].flatten() for unit in torch.eye(70).double()], 1)
        a, target = (torch.cat([v.real, v.imag]) if v.is_complex() else v for v in (columns, y[item].flatten()))
        best = scikit(a @ torch.from_numpy(psi), target, 0.02 / len(target))
        expected = (torch.from_numpy(psi) @ best).view(1, *shape)
        torch.testing.assert_close(found.x[item], expected, rtol=0, atol=1e-4 * float(x.abs().max()))


def test_vectors_are_reconstructed_in_the_dct_basis() -> None:
    operator = Gaussian((40,), 25, seed=1).double()
    z = torch.zeros(2, 40, dtype=torch.float64)
    z[:, [1, 4]] = torch.tensor([2.0, -1.0], dtype=torch.float64)
    x = DCT((40,), z).synthesis(z)
    torch.testing.assert_close(Lasso("dct", 1e-6).solve(operator(x), operator).x, x, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("m", "alpha"), [(100, 1e-3), (100, 1e-5), (200, 1e-5)])
@pytest.mark.parametrize("seed", [0, [0, 1, 2]])
def test_an_image_alone_and_in_another_order_is_as_in_a_batch(m: int, alpha: float, seed: int | list[int]) -> None:
    images = draw(3, 28, 28, seed=7).cumsum(1).cumsum(2)[:, None]
    operator = Gaussian((1, 28, 28), m, seed).double()
    solver = Lasso("wavelet", alpha, "sklearn")
    x = images / images.abs().amax((1, 2, 3), keepdim=True)
    together = solver.solve(operator(x), operator).x
    alone = operator.take([1])
    torch.testing.assert_close(solver.solve(alone(x[[1]]), alone).x[0], together[1], rtol=0, atol=1e-8)
    order = [2, 0, 1]
    reordered = operator.take(order)
    torch.testing.assert_close(solver.solve(reordered(x[order]), reordered).x, together[order], rtol=0, atol=1e-8)


@pytest.mark.parametrize("lam", [0.05, 1e-3, 1e-6])
@pytest.mark.parametrize("per_item", [False, True])
def test_an_item_alone_is_as_in_a_batch_to_1e_8(per_item: bool, lam: float) -> None:
    y, operator = problem(items=4, per_item=per_item)
    together = Lasso("dct", lam).solve(y, operator).x
    for item in range(4):
        alone = Lasso("dct", lam).solve(y[item : item + 1], operator.take([item])).x
        torch.testing.assert_close(alone[0], together[item], rtol=0, atol=1e-8)


@pytest.mark.parametrize("max_iter", [1, 5, 20, 60, 125, 130, 2000])
def test_gap_bounds_the_distance_to_the_optimum(max_iter: int) -> None:
    y, operator = problem()
    lam = 1e-4
    solution = Lasso("dct", lam, max_iter=max_iter).solve(y, operator)
    z = DCT(SHAPE, y).analysis(solution.x).flatten(1)
    optimum = DCT(SHAPE, y).analysis(Lasso("dct", lam, gap=1e-12).solve(y, operator).x).flatten(1)
    for item in range(3):
        a = explicit(operator, item, "dct")
        value, minimum = (objective(a, y[item], best[item], lam) for best in (z, optimum))
        gap = float(solution.history["gap"][:, item].min())
        assert value - minimum <= gap * value + 1e-12
        assert gap <= 1e-7 or solution.status[item] == Status.MAX_ITER


def test_newton_steps_take_over_where_first_order_steps_are_slow() -> None:
    y, operator = problem()
    solution = Lasso("dct", 1e-6).solve(y, operator)
    assert solution.status == [Status.CONVERGED] * 3
    assert (solution.n_iter > 4 * 30).all()
    assert (solution.n_iter < 4 * 30 + 100).all()
    iteration = solution.history["iteration"]
    assert iteration.shape == solution.history["gap"].shape
    assert (iteration.diff(dim=0) > 0).all()


def test_nothing_is_left_from_lam_max_on() -> None:
    y, operator = problem(per_item=True)
    assert (Lasso("dct", 1.0, "relative").solve(y, operator).x == 0).all()
    below = Lasso("dct", 0.99, "relative").solve(y, operator)
    assert ((DCT(SHAPE, y).analysis(below.x).abs() > 1e-9).flatten(1).sum(1) >= 1).all()
    assert below.status == [Status.CONVERGED] * 3


@pytest.mark.parametrize("unit", ["absolute", "sklearn", "relative"])
def test_no_signal_gives_zeros_beside_other_items(unit: Any) -> None:
    y, operator = problem()
    y[1] = 0
    solution = Lasso("dct", 0.01, unit).solve(y, operator)
    assert (solution.x[1] == 0).all()
    assert solution.n_iter[1] == 0
    assert solution.status == [Status.CONVERGED] * 3
    assert (solution.x[[0, 2]] != 0).any()


def test_x_is_clipped_into_its_range_if_it_has_one() -> None:
    y, operator = problem()
    free = Lasso("dct", 1e-3).solve(y, operator).x
    clipped = Lasso("dct", 1e-3, clip=True)
    assert torch.equal(clipped.solve(y, operator).x, free)
    assert torch.equal(clipped.solve(y, operator, value_range=(-0.2, 0.3)).x, free.clamp(-0.2, 0.3))


def test_complex_measurements_of_real_x_are_pairs_of_real_ones() -> None:
    a = torch.complex(draw(15, N), draw(15, N, seed=1)) / 4
    x = draw(2, *SHAPE, seed=2)
    y = Matrix(a, SHAPE)(x.to(a.dtype))
    pairs = Matrix(torch.cat([a.real, a.imag]), SHAPE)
    expected = Lasso("dct", 0.01).solve(torch.cat([y.real, y.imag], 1), pairs).x
    x_hat = Lasso("dct", 0.01).solve(y, Matrix(a, SHAPE)).x
    assert x_hat.dtype == torch.float64
    torch.testing.assert_close(x_hat, expected, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="expected real measurements with an intercept"):
        Lasso("dct", 0.01, intercept=True).solve(y, Matrix(a, SHAPE))


class Anonymous(LinearOperator):
    """A matrix that does not show itself."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        self.hidden = matrix
        self.in_shape, self.out_shape, self.n_items = matrix.in_shape, matrix.out_shape, matrix.n_items

    def forward(self, x: Tensor) -> Tensor:
        return self.hidden(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.hidden.adjoint(y)

    def take(self, index: Any) -> "Anonymous":
        return Anonymous(self.hidden.take(index))


@pytest.mark.parametrize("explicit_size", [0, 1 << 20])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("per_item", [False, True])
def test_operators_without_a_matrix_reach_the_same_minimum(
    monkeypatch: pytest.MonkeyPatch, per_item: bool, intercept: bool, explicit_size: int
) -> None:
    y, operator = problem(per_item=per_item)
    solver = Lasso("wavelet", 0.01, intercept=intercept, gap=1e-10)
    expected = solver.solve(y, operator).x
    monkeypatch.setattr(synthesis, "_EXPLICIT_SIZE", explicit_size)
    solution = solver.solve(y, Anonymous(operator))
    assert solution.status == [Status.CONVERGED] * 3
    torch.testing.assert_close(solution.x, expected, rtol=0, atol=1e-5)


def test_trace_returns_the_iterates_of_both_phases() -> None:
    y, operator = problem()
    numbers = [0, 3, 119, 121, 10_000]
    solution = Lasso("dct", 1e-6).solve(y, operator, trace=numbers)
    assert solution.iterates is not None
    assert (solution.iterates[0] == 0).all()
    assert torch.equal(solution.iterates[-1], solution.x)
    for number, iterate in list(zip(numbers, solution.iterates, strict=True))[1:3]:
        stopped = Lasso("dct", 1e-6, max_iter=number).solve(y, operator)
        assert stopped.status == [Status.MAX_ITER] * 3
        assert stopped.n_iter.tolist() == [number] * 3
        torch.testing.assert_close(stopped.x, iterate, rtol=0, atol=1e-12)
    assert not torch.equal(solution.iterates[3], solution.iterates[2])


@pytest.mark.parametrize("lam", [0.05, 1e-5])
def test_float32_measurements_reach_the_gap_too(lam: float) -> None:
    y, operator = problem()
    expected = Lasso("dct", lam).solve(y, operator).x
    solution = Lasso("dct", lam).solve(y.float(), Matrix(operator.matrix.float(), SHAPE))
    assert solution.x.dtype == torch.float32
    assert solution.status == [Status.CONVERGED] * 3
    assert (solution.history["gap"][-1] <= 1e-7).all()
    torch.testing.assert_close(solution.x.double(), expected, rtol=0, atol=1e-3)


def test_float32_without_a_matrix_stops_at_its_rounding_error(monkeypatch: pytest.MonkeyPatch) -> None:
    y, operator = problem()
    monkeypatch.setattr(synthesis, "_EXPLICIT_SIZE", 0)
    solution = Lasso("dct", 1e-2).solve(y.float(), Matrix(operator.matrix.float(), SHAPE))
    assert solution.status == [Status.CONVERGED] * 3
    assert (solution.history["gap"][-1] <= 1e-3).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"basis": "fourier"}, "basis is 'fourier', expected one of dct, wavelet, pixel"),
        ({"lam": 0.0}, "lam is 0.0, expected a finite number > 0"),
        ({"lam": math.nan}, "lam is nan"),
        ({"lam_unit": "percent"}, "lam_unit is 'percent', expected one of absolute, sklearn, relative"),
        ({"max_iter": 0}, "max_iter is 0, expected at least 1"),
        ({"gap": -1.0}, "gap is -1.0"),
        ({"wavelet": "bior2.2"}, "wavelet is 'bior2.2'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lasso(**settings)


class Square(Operator):
    in_shape = (4,)
    out_shape = (4,)

    def forward(self, x: Tensor) -> Tensor:
        return x.square()


def test_nonlinear_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="Square is not linear"):
        Lasso().solve(torch.ones(1, 4), Square())


def test_unconverged_scikit_learn_is_no_reference() -> None:
    """The trap of the published settings: alike objectives, unlike pictures."""
    y, operator = problem(items=1)
    a = explicit(operator, 0, "dct")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        early = ScikitLasso(1e-7, fit_intercept=False, max_iter=10).fit(a.numpy(), y[0].numpy()).coef_
    best = DCT(SHAPE, y).analysis(Lasso("dct", 1e-7, "sklearn").solve(y, operator).x).flatten()
    assert objective(a, y[0], best, 30e-7) < objective(a, y[0], torch.from_numpy(early), 30e-7)
    assert np.linalg.norm(early - best.numpy()) > 0.1 * np.linalg.norm(best.numpy())
