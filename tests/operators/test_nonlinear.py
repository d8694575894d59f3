"""Magnitude, sign, saturation, quantisation and the spiked matrix models."""

import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from operator_examples import NONLINEAR, normal
from torch import Tensor

from evaluate import main
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.noise import Wigner, Wishart
from lit_inverse.operators import Gaussian, Magnitude, Matrix, Operator, Quantisation, Saturation, Sign, Spiked
from lit_inverse.operators import SubsampledDCT as DCT
from lit_inverse.problem import Problem

A = normal(8, 6, dtype=torch.float64)
COMPLEX = normal(8, 6, dtype=torch.complex128)
RESPONSES = [Magnitude, Sign, Saturation, Quantisation]


@pytest.mark.parametrize("matrix", [A, COMPLEX])
def test_magnitude_is_that_of_the_linear_measurements(matrix: Tensor) -> None:
    x = normal(3, 6, seed=1, dtype=matrix.dtype)
    torch.testing.assert_close(Magnitude(Matrix(matrix))(x), (x @ matrix.mT).abs())
    torch.testing.assert_close(Magnitude(Matrix(matrix), squared=True)(x), (x @ matrix.mT).abs() ** 2)


@pytest.mark.parametrize(
    "operator",
    [
        Magnitude(Matrix(A)),
        Magnitude(Matrix(COMPLEX)),
        Magnitude(Matrix(COMPLEX), squared=True),
        Saturation(Matrix(A), limit=1.0),
        Saturation(Matrix(COMPLEX), limit=1.0),
        Spiked((6,)),
        Sign(Matrix(A)),
        Quantisation(Matrix(A)),
    ],
    ids=lambda operator: type(operator).__name__,
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_vjp_is_the_adjoint_of_finite_differences(operator: Operator, dtype: torch.dtype) -> None:
    x, step = normal(2, 6, seed=1, dtype=dtype), 1e-6
    direction = normal(2, 6, seed=2, dtype=dtype)
    derivative = (operator(x + step * direction) - operator(x - step * direction)) / (2 * step)
    v = normal(*derivative.shape, seed=3, dtype=derivative.dtype)
    gradient = operator.vjp(x, v)
    assert gradient.dtype == x.dtype
    expected = (v.conj() * derivative).real.flatten(1).sum(1)
    torch.testing.assert_close((gradient.conj() * direction).real.sum(1), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", NONLINEAR)
def test_transforms_of_functions(name: str) -> None:
    operator = NONLINEAR[name]().double()
    x, tangent = (normal(operator.n_items or 3, *operator.in_shape, seed=s, dtype=torch.float64) for s in (1, 2))
    y, derivative = torch.func.jvp(operator, (x,), (tangent,))
    v = normal(*y.shape, seed=3, dtype=y.dtype)
    _, pull = torch.func.vjp(operator, x)
    torch.testing.assert_close(pull(v)[0], operator.vjp(x, v))
    torch.testing.assert_close((v.conj() * derivative).real.sum(), (pull(v)[0] * tangent).sum())
    torch.testing.assert_close(torch.func.vmap(operator)(torch.stack([tangent, x]))[1], y)


def test_magnitude_has_a_finite_derivative_where_it_is_zero() -> None:
    for operator in (Magnitude(Matrix(A)), Magnitude(Matrix(COMPLEX)), Magnitude(Matrix(COMPLEX), squared=True)):
        x = torch.zeros(1, 6, dtype=torch.float64)
        assert torch.equal(operator.vjp(x, torch.ones(1, 8, dtype=torch.float64)), x)


def test_sign_gives_one_bit_and_loses_the_length() -> None:
    operator, x = Sign(Matrix(A)), normal(3, 6, seed=1, dtype=torch.float64)
    y = operator(x)
    torch.testing.assert_close(y, torch.where(x @ A.mT < 0, -1.0, 1.0).double())
    assert torch.equal(operator(7 * x), y)
    assert torch.equal(operator(0 * x), torch.ones(3, 8, dtype=torch.float64))


def test_of_complex_measurements_both_parts_respond() -> None:
    x = normal(3, 6, seed=1, dtype=torch.float64)
    for operator in (Sign, Saturation, Quantisation):
        of_complex = operator(Matrix(COMPLEX))(x)
        torch.testing.assert_close(of_complex.real, operator(Matrix(COMPLEX.real.clone()))(x))
        torch.testing.assert_close(of_complex.imag, operator(Matrix(COMPLEX.imag.clone()))(x))


@pytest.mark.parametrize("law", [Sign, Quantisation])
@pytest.mark.parametrize("matrix", [A, COMPLEX])
def test_straight_through_gives_the_step_of_iterative_hard_thresholding(law: Any, matrix: Tensor) -> None:
    x = normal(3, 6, seed=1, dtype=torch.float64)
    operator = law(Matrix(matrix), straight_through=True)
    y = operator(normal(3, 6, seed=2, dtype=torch.float64))
    assert torch.equal(operator(x), law(Matrix(matrix))(x))
    residual = operator(x) - y
    expected = operator.operator.adjoint(residual)
    torch.testing.assert_close(operator.vjp(x, residual), expected.real)
    assert not law(Matrix(matrix)).vjp(x, residual).any()


def test_binary_iterative_hard_thresholding_finds_a_sparse_direction() -> None:
    x = torch.zeros(1, 100, dtype=torch.float64)
    x[0, [3, 40, 77]] = torch.tensor([1.0, -1.5, 2.0], dtype=torch.float64)
    operator = Sign(in_shape=(100,), m=500, straight_through=True).double()
    y, x_hat = operator(x), torch.zeros_like(x)
    for _ in range(100):
        x_hat = x_hat - operator.vjp(x_hat, operator(x_hat) - y)
        x_hat = torch.where(x_hat.abs() >= x_hat.abs().topk(3).values[:, -1:], x_hat, 0)
    assert float(torch.cosine_similarity(x, x_hat)) > 0.995


def test_saturation_clips() -> None:
    x = normal(3, 6, seed=1, dtype=torch.float64)
    clean = x @ A.mT
    operator = Saturation(Matrix(A), limit=1.5)
    torch.testing.assert_close(operator(x), clean.clamp(-1.5, 1.5))
    inside = (clean.abs() < 1.5).double()
    v = normal(3, 8, seed=2, dtype=torch.float64)
    torch.testing.assert_close(operator.vjp(x, v), (v * inside) @ A)


@pytest.mark.parametrize(("bits", "interval"), [(1, (-1.0, 1.0)), (3, (-2.0, 1.0)), (8, (0.0, 1.0))])
def test_quantisation_takes_the_nearest_of_its_values(bits: int, interval: tuple[float, float]) -> None:
    values = torch.linspace(-3, 3, 1001, dtype=torch.float64).view(-1, 1)
    operator = Quantisation(Matrix(torch.ones(1, 1, dtype=torch.float64)), bits=bits, interval=interval)
    width = (interval[1] - interval[0]) / 2**bits
    midpoints = interval[0] + width * (torch.arange(2**bits, dtype=torch.float64) + 0.5)
    distance = (values - midpoints).abs()
    torch.testing.assert_close((operator(values) - values).abs().flatten(), distance.min(1).values)
    assert torch.isclose(operator(values), midpoints).any(1).all()


def test_fine_quantisation_has_the_error_of_uniform_noise() -> None:
    operator = Quantisation(in_shape=(64,), m=2000, bits=10, interval=(-8.0, 8.0)).double()
    x = 30 * normal(5, 64, dtype=torch.float64)
    clean = operator.operator(x)
    error = (operator(x) - clean)[clean.abs() < 8]
    assert float(error.square().mean()) == pytest.approx((16 / 2**10) ** 2 / 12, rel=0.05)


def test_one_bit_on_minus_two_to_two_is_sign() -> None:
    x = normal(3, 6, seed=1, dtype=torch.float64)
    one_bit = Quantisation(Matrix(A), bits=1, interval=(-2.0, 2.0))
    torch.testing.assert_close(one_bit(x), Sign(Matrix(A))(x))


@pytest.mark.parametrize("law", RESPONSES)
def test_a_is_a_shared_or_per_item_gaussian_by_default(law: Any) -> None:
    x = normal(3, 1, 4, 5)
    shared, per_item = law(in_shape=(1, 4, 5), m=30, seed=7), law(in_shape=(1, 4, 5), m=30, seed=[7, 8, 9])
    expected = Gaussian((1, 4, 5), 30, 7, allow_overdetermined=True)
    assert torch.equal(shared.operator.matrix, expected.matrix)
    torch.testing.assert_close(per_item(x)[0], shared(x)[0])
    assert (shared.n_items, per_item.n_items, per_item.take([2, 2]).n_items) == (None, 3, 2)


@pytest.mark.parametrize("law", RESPONSES)
@pytest.mark.parametrize(
    "inner",
    [
        {"class_path": "lit_inverse.operators.SubsampledDCT", "init_args": {"m": 9, "seed": 0}},
        {"class_path": "lit_inverse.operators.SubsampledDCT"},
        functools.partial(DCT, m=9),
        DCT,
    ],
)
def test_a_may_be_given_by_its_law(law: Any, inner: Any) -> None:
    operator = law(operator=inner, in_shape=(1, 4, 5), m=12, seed=[7, 8, 9])
    x = normal(3, 1, 4, 5)
    torch.testing.assert_close(operator(x), law(DCT((1, 4, 5), 12, [7, 8, 9]))(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither a linear operator nor an in_shape"),
        ({"in_shape": (6,)}, "m is None"),
        ({"in_shape": (6,), "operator": {"class_path": "lit_inverse.operators.Nothing"}}, "there is no lit_inverse"),
        ({"in_shape": (6,), "operator": Spiked}, "is a Spiked, expected a linear operator"),
        ({"in_shape": (7,), "operator": Matrix(A)}, "leave them out"),
        ({"m": 7, "operator": Matrix(A)}, "leave them out"),
    ],
)
def test_an_impossible_linear_part_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Magnitude(**arguments)


@pytest.mark.parametrize(
    ("law", "arguments", "message"),
    [
        (Saturation, {"limit": 0.0}, "limit is 0.0"),
        (Saturation, {"limit": math.nan}, "limit is nan"),
        (Quantisation, {"bits": 0}, "bits is 0"),
        (Quantisation, {"interval": (1.0, -1.0)}, "low < high"),
    ],
)
def test_impossible_responses_are_refused(law: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        law(Matrix(A), **arguments)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_spiked_measurements_are_the_outer_product(dtype: torch.dtype) -> None:
    x = normal(3, 1, 2, 3, dtype=dtype)
    y = Spiked((1, 2, 3))(x)
    torch.testing.assert_close(y, torch.stack([torch.outer(v, v.conj()) for v in x.flatten(1)]))
    torch.testing.assert_close(Spiked((1, 2, 3))(-x), y)


def spectrum(y: Tensor, x: Tensor) -> tuple[float, float]:
    """The largest eigenvalue of y, and the squared cosine of its eigenvector with x."""
    values, vectors = torch.linalg.eigh(y)
    return float(values[-1]), float((vectors[:, -1] @ x).square() / x.square().sum())


def test_spiked_wigner_spectrum_is_that_of_theory() -> None:
    """Benaych-Georges and Nadakuditi 2011: eigenvalue 1 + nu^2, squared cosine 1 - nu^2 for ||x|| = 1 and nu < 1."""
    x = torch.nn.functional.normalize(normal(1, 900, dtype=torch.float64))
    y = Problem(Spiked((900,)), Wigner(0.5)).measure(x, [1])[0]
    assert spectrum(y, x[0]) == pytest.approx((1.25, 0.75), rel=0.03)


def test_spiked_wishart_spectrum_is_that_of_theory() -> None:
    """Paul 2007: sigma^2 (1 + t)(1 + g/t) - sigma^2 and (1 - g/t^2) / (1 + g/t), t = ||x||^2 / sigma^2, g = n/N."""
    x = torch.nn.functional.normalize(normal(1, 400, dtype=torch.float64))
    y = Problem(Spiked((400,)), Wishart(0.7, n_samples=1600)).measure(x, [1])[0]
    t, g = 1 / 0.49, 0.25
    expected = (0.49 * ((1 + t) * (1 + g / t) - 1), (1 - g / t**2) / (1 + g / t))
    assert spectrum(y, x[0]) == pytest.approx(expected, rel=0.05)


SWEEP: dict[str, Any] = {
    "name": "nonlinear",
    "data": {"class_path": "datamodules.DigitsDataModule"},
    "limit": 2,
    "operator": {"class_path": "lit_inverse.operators.Magnitude"},
    "solvers": {"csgm": {"class_path": "lit_inverse.solvers.LatentSearch", "init_args": {"max_iter": 2}}},
    "logger": False,
}
INNER = {"class_path": "lit_inverse.operators.SubsampledDCT", "init_args": {"m": 30}}


@pytest.mark.parametrize("law", RESPONSES)
@pytest.mark.parametrize("inner", [None, INNER])
def test_a_sweep_varies_m_of_a_nonlinear_operator(tmp_path: Path, law: Any, inner: Any) -> None:
    specification = {"class_path": f"lit_inverse.operators.{law.__name__}", "init_args": {"operator": inner}}
    config = SWEEP | {"operator": specification, "vary": "m", "measurements": [20, 40]}
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(config))
    sweep = read_sweep(Request.read(["--config", str(path)], path))
    assert len({case.key for case in plan(sweep).cases}) == 4
    drawn = sweep.draw_operator((1, 28, 28), 20, [1, 2])
    assert isinstance(drawn, law)
    assert (drawn.out_shape, drawn.n_items) == ((20,), 2)
    assert isinstance(drawn.operator, DCT if inner else Gaussian)


def test_a_misspelt_setting_of_the_inner_operator_ends_a_sweep(tmp_path: Path, capsys: Any) -> None:
    inner = {"class_path": "lit_inverse.operators.SubsampledDCT", "init_args": {"mm": 30}}
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(SWEEP | {"operator": SWEEP["operator"] | {"init_args": {"operator": inner}}}))
    assert main(["--config", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "mm" in capsys.readouterr().err


def test_latent_search_runs_through_a_nonlinear_sweep(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    specification = SWEEP["operator"] | {"init_args": {"operator": INNER}}
    path.write_text(yaml.safe_dump(SWEEP | {"operator": specification}))
    assert main(["--config", str(path), "--out", str(tmp_path / "out")]) == 0
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 2
