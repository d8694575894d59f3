"""What every operator must fulfil."""

import copy
import inspect

import pytest
import torch
from operator_examples import LINEAR, NONLINEAR, ONLY_REAL, normal
from torch import Tensor

from lit_inverse import operators
from lit_inverse.operators import LinearOperator, Operator, checks

linear = pytest.mark.parametrize("name", LINEAR)
every = pytest.mark.parametrize("name", [*LINEAR, *NONLINEAR])


def make(name: str) -> Operator:
    return (LINEAR | NONLINEAR)[name]()


def double(name: str) -> LinearOperator:
    return copy.deepcopy(LINEAR[name]()).double()


def is_only_real(name: str) -> bool:
    return name.partition(":")[0] in ONLY_REAL


def signals(operator: Operator, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return normal(operator.n_items or 3, *operator.in_shape, seed=seed, dtype=dtype)


def measurements(operator: LinearOperator, dtype: torch.dtype = torch.float64) -> Tensor:
    y: Tensor = operator(signals(operator, dtype, seed=1))
    return normal(*y.shape, seed=2, dtype=y.dtype)


def dense(operator: LinearOperator) -> Tensor:
    """(B, m, n), column by column; stacked (real, imaginary) rows where x must be real."""
    columns = []
    for j in range(operator.n):
        unit = torch.zeros(operator.n_items or 1, operator.n, dtype=torch.float64)
        unit[:, j] = 1
        columns.append(operator(unit.view(-1, *operator.in_shape)).flatten(1))
    matrix = torch.stack(columns, -1)
    return torch.cat([matrix.real, matrix.imag], 1) if _has_real_adjoint(operator, matrix) else matrix


def _has_real_adjoint(operator: LinearOperator, matrix: Tensor) -> bool:
    return matrix.is_complex() and not operator.adjoint(measurements(operator)).is_complex()


def rows(operator: LinearOperator, y: Tensor) -> Tensor:
    """y as the rows of `dense` see it, (B, m, 1)."""
    y = y.flatten(1)
    if y.is_complex() and not operator.adjoint(y.view(-1, *operator.out_shape)).is_complex():
        y = torch.cat([y.real, y.imag], 1)
    return y.unsqueeze(-1)


def test_every_operator_has_an_example() -> None:
    exported = {name for name, value in vars(operators).items() if inspect.isclass(value)}
    examples = {name.partition(":")[0] for name in [*LINEAR, *NONLINEAR]}
    # these are a Matrix that is read from a file: test_stored_matrix.py, test_learned.py
    assert exported - {"Operator", "LinearOperator", "StoredMatrix", "Learned"} <= examples


@linear
def test_adjoint_fits(name: str) -> None:
    assert checks.dot_test(LINEAR[name]()) < 1e-10


@linear
def test_adjoint_fits_for_complex_signals(name: str) -> None:
    if is_only_real(name):
        pytest.skip("acts on real signals only")
    assert checks.dot_test(LINEAR[name](), complex_input=True) < 1e-10


@linear
def test_linear(name: str) -> None:
    operator = double(name)
    x, other = signals(operator), signals(operator, seed=1)
    torch.testing.assert_close(operator(2 * x - 3 * other), 2 * operator(x) - 3 * operator(other), rtol=0, atol=1e-9)
    y = measurements(operator)
    torch.testing.assert_close(operator.adjoint(2 * y), 2 * operator.adjoint(y), rtol=0, atol=1e-9)


@linear
def test_equals_its_dense_matrix(name: str) -> None:
    operator = double(name)
    a, x, y = dense(operator), signals(operator), measurements(operator)
    expected = a @ x.flatten(1).unsqueeze(-1).to(a.dtype)
    torch.testing.assert_close(rows(operator, operator(x)), expected, rtol=0, atol=1e-9)
    adjoint = (a.mH @ rows(operator, y).to(a.dtype)).view(-1, *operator.in_shape)
    torch.testing.assert_close(operator.adjoint(y), adjoint, rtol=0, atol=1e-9)
    torch.testing.assert_close(operator.normal(x).to(a.dtype), (a.mH @ expected).view(-1, *operator.in_shape))


@linear
def test_norm_is_the_largest_singular_value(name: str) -> None:
    operator = double(name)
    expected = torch.linalg.matrix_norm(dense(operator), 2)
    norm = operator.norm()
    assert norm.shape == (() if operator.n_items is None else (operator.n_items,))
    assert norm.dtype == torch.float64
    torch.testing.assert_close(norm.double().expand_as(expected), expected.double(), rtol=1e-3, atol=0)


@linear
def test_pinv_is_the_pseudo_inverse(name: str) -> None:
    operator = double(name)
    a, y = dense(operator), measurements(operator)
    expected = (torch.linalg.pinv(a, rtol=1e-10) @ rows(operator, y).to(a.dtype)).view(-1, *operator.in_shape)
    torch.testing.assert_close(operator.pinv(y), expected, rtol=0, atol=1e-6 * float(expected.abs().max()))


@linear
@pytest.mark.parametrize("rho", [0.3, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)])
def test_solve_gram_inverts(name: str, rho: float | Tensor) -> None:
    operator = double(name)
    y = measurements(operator)
    v = operator.solve_gram(y, rho)
    weights = torch.as_tensor(rho, dtype=torch.float64).view(-1, *[1] * (y.ndim - 1))
    residual = operator(operator.adjoint(v)) + weights * v - y
    assert float(residual.abs().max()) < 1e-8 * float(y.abs().max())


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_precision_of_measurements_is_that_of_signals(name: str, dtype: torch.dtype) -> None:
    operator = copy.deepcopy(make(name)).to(dtype)
    x = signals(operator, torch.float32).to(dtype)
    if dtype == torch.float16 and make(name)(x.float()).is_complex():
        pytest.skip("complex half precision is not supported by torch's products")
    y = operator(x)
    assert y.shape == (len(x), *operator.out_shape)
    assert y.dtype in (dtype, dtype.to_complex())
    reference = copy.deepcopy(make(name)).double()(x.double())
    scale = float(reference.abs().max())
    tolerance = {torch.float16: 2e-2, torch.float32: 1e-4, torch.float64: 1e-6}[dtype]
    if name in LINEAR:
        torch.testing.assert_close(y.to(reference.dtype), reference, rtol=0, atol=tolerance * scale)


@linear
def test_wrappers_know_precision_and_device(name: str) -> None:
    operator = double(name)
    for wrapper in (operator, 2.0 * operator, operator.H, operator.on_reals()):
        assert wrapper.like.dtype == torch.float64
        assert wrapper.to("meta").like.device.type == "meta"


@every
def test_a_mask_selects_as_numbers_do(name: str) -> None:
    operator = make(name).double()
    x = signals(operator)
    chosen = torch.tensor([False, True, True])
    numbers, mask = operator.take([1, 2]), operator.take(chosen)
    torch.testing.assert_close(numbers(x[1:]), operator(x)[1:], rtol=1e-10, atol=1e-12)
    assert torch.equal(mask(x[1:]), numbers(x[1:]))
    assert mask.like.dtype == torch.float64


@every
def test_items_do_not_see_each_other(name: str) -> None:
    operator = make(name).double()
    x = signals(operator)
    y = operator(x)
    for i in range(len(x)):
        torch.testing.assert_close(operator.take([i])(x[i : i + 1])[0], y[i])
    index = [2, 0, 0]
    torch.testing.assert_close(operator.take(index)(x[index]), y[index])


@every
def test_signals_of_another_shape_are_refused(name: str) -> None:
    operator = make(name)
    with pytest.raises(ValueError, match="expected"):
        operator(torch.zeros(operator.n_items or 3, *operator.in_shape, 2))


@linear
def test_measurements_of_another_shape_are_refused(name: str) -> None:
    operator = LINEAR[name]()
    with pytest.raises(ValueError, match="expected"):
        operator.adjoint(torch.zeros(operator.n_items or 3, *operator.out_shape, 2))


@every
def test_gradient_is_the_vector_jacobian_product(name: str) -> None:
    operator = make(name).double()
    x = signals(operator)
    y = operator(x)
    v = normal(*y.shape, seed=3, dtype=y.dtype)
    gradient = Operator.vjp(operator, x, v)
    torch.testing.assert_close(operator.vjp(x, v), gradient)
    assert gradient.shape == x.shape


@linear
def test_transforms_of_functions(name: str) -> None:
    operator = double(name)
    x, tangent = signals(operator), signals(operator, seed=4)
    y, derivative = torch.func.jvp(operator, (x,), (tangent,))
    torch.testing.assert_close(derivative, operator(tangent))
    _, pull = torch.func.vjp(operator, x)
    cotangent = normal(*y.shape, seed=5, dtype=y.dtype)
    torch.testing.assert_close(pull(cotangent)[0].real, operator.adjoint(cotangent).real)
    stacked = torch.stack([x, tangent])
    torch.testing.assert_close(torch.func.vmap(operator)(stacked)[0], y)


@every
def test_state_dict_carries_the_operator(name: str) -> None:
    operator, other = make(name), make(name)
    for buffer in other.buffers():
        buffer.zero_()
    other.load_state_dict(operator.state_dict())
    x = signals(operator, torch.float32)
    torch.testing.assert_close(other(x), operator(x))


@every
@pytest.mark.gpu
def test_same_on_the_gpu(name: str) -> None:
    operator = make(name)
    x = signals(operator, torch.float32)
    y = operator(x)
    moved = copy.deepcopy(operator).cuda()
    torch.testing.assert_close(moved(x.cuda()).cpu(), y, rtol=1e-3, atol=1e-3)
    if isinstance(operator, LinearOperator) and isinstance(moved, LinearOperator):
        torch.testing.assert_close(moved.adjoint(y.cuda()).cpu(), operator.adjoint(y), rtol=1e-3, atol=1e-3)
        assert moved.norm().is_cuda
        torch.testing.assert_close(moved.norm().cpu(), operator.norm(), rtol=1e-3, atol=0)


@linear
def test_half_precision_has_norm_and_inverses(name: str) -> None:
    operator = LINEAR[name]().half()
    x = signals(operator, torch.float16)
    if LINEAR[name]()(x.float()).is_complex():
        pytest.skip("complex half precision is not supported by torch's products")
    y = operator(x)
    assert torch.isfinite(operator.norm())[()].all()
    assert operator.pinv(y).dtype == operator.solve_gram(y, 1.0).dtype == torch.float16
