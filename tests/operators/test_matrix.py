"""Matrix against plain products."""

import pytest
import torch

from lit_inverse.operators import Gaussian, Matrix, checks
from lit_inverse.operators.krylov import lanczos_norm


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_shared_matrix_multiplies_each_item() -> None:
    a, x = normal(5, 12), normal(3, 3, 2, 2, seed=1)
    operator = Matrix(a, (3, 2, 2))
    assert operator.out_shape == (5,)
    torch.testing.assert_close(operator(x), torch.stack([a @ item.flatten() for item in x]))


def test_matrix_per_item_multiplies_its_own_item() -> None:
    a, x = normal(3, 5, 12), normal(3, 12, seed=1)
    torch.testing.assert_close(Matrix(a)(x), torch.einsum("bmn,bn->bm", a, x))


@pytest.mark.parametrize("shape", [(5, 12), (12, 5), (3, 5, 12)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_adjoint_fits(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    operator = Matrix(normal(*shape, dtype=dtype))
    assert checks.dot_test(operator, complex_input=dtype.is_complex) < 1e-10


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_products_of_few_items_with_a_large_matrix(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lit_inverse.operators.matrix._LARGE", 1)  # its products are taken a few rows at a time
    a, x, y = normal(35, 50, dtype=dtype), normal(3, 50, seed=1, dtype=dtype), normal(3, 35, seed=2, dtype=dtype)
    operator = Matrix(a)
    torch.testing.assert_close(operator(x), x @ a.mT)
    torch.testing.assert_close(operator.adjoint(y), y @ a.conj())
    assert checks.dot_test(operator, complex_input=dtype.is_complex) < 1e-10
    for ours, plain, point in ((operator, lambda v: v @ a.mT, x), (operator.adjoint, lambda v: v @ a.conj(), y)):
        gradient, expected = (torch.func.grad(lambda v, f=f: f(v).abs().square().sum())(point) for f in (ours, plain))
        torch.testing.assert_close(gradient, expected)


def test_gradient_and_tangent_of_a_large_matrix_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lit_inverse.operators.matrix._LARGE", 1)
    operator, x = Matrix(normal(35, 50)), normal(3, 50, seed=1)

    def product(matrix: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = torch.func.functional_call(operator, {"matrix": matrix}, (x,))
        return y

    a, change = normal(35, 50, seed=2), normal(35, 50, seed=3)
    torch.testing.assert_close(torch.func.grad(lambda m: product(m).sum())(a), x.sum(0).expand(35, 50))
    torch.testing.assert_close(torch.func.jvp(product, (a,), (change,))[1], x @ change.mT)


def test_dot_test_finds_a_wrong_adjoint() -> None:
    class Wrong(Matrix):
        def adjoint(self, y: torch.Tensor) -> torch.Tensor:
            return 1.001 * super().adjoint(y)

    assert checks.dot_test(Wrong(normal(5, 12))) > 1e-5


@pytest.mark.parametrize("shape", [(5, 12), (3, 5, 12)])
def test_norm_is_the_largest_singular_value(shape: tuple[int, ...]) -> None:
    a = normal(*shape)
    torch.testing.assert_close(Matrix(a).norm(), torch.linalg.matrix_norm(a, 2))


def test_lanczos_norm_is_below_and_close() -> None:
    operator = Gaussian((40, 30), 300, [0, 1])
    exact, estimate = torch.linalg.matrix_norm(operator.matrix, 2), lanczos_norm(operator, 32)
    assert (estimate <= exact * (1 + 1e-5)).all()
    assert (estimate >= exact * (1 - 2e-3)).all()


@pytest.mark.parametrize("index", [[2, 0], [2, 0, 0], [1, 1, 1, 0, 0, 0], [0, 1, 0, 1], [2], [2, 2]])
def test_take_selects_and_repeats(index: list[int]) -> None:
    a, x, y = normal(3, 5, 12), normal(len(index), 12, seed=1), normal(len(index), 5, seed=2)
    taken, expected = Matrix(a).take(index), Matrix(a[index])
    assert taken.n_items == len(index)
    torch.testing.assert_close(taken(x), expected(x))
    torch.testing.assert_close(taken.adjoint(y), expected.adjoint(y))
    torch.testing.assert_close(taken.norm(), expected.norm())
    assert checks.dot_test(taken) < 1e-10
    again = list(range(len(index)))[::-1]
    torch.testing.assert_close(taken.take(again)(x), expected.take(again)(x))


def test_a_mask_of_items_selects_them() -> None:
    a = Matrix(normal(3, 5, 12))
    assert torch.equal(a.take(torch.tensor([True, False, True])).matrix, a.matrix[[0, 2]])


def test_gram_of_a_real_matrix_is_solved_for_complex_measurements() -> None:
    a, y = Matrix(normal(5, 12)), normal(3, 5, seed=1, dtype=torch.complex128)
    v = a.solve_gram(y, 0.3)
    torch.testing.assert_close(a(a.adjoint(v)) + 0.3 * v, y)


def test_conjugated_matrix_changes_precision() -> None:
    c = normal(5, 12, dtype=torch.complex64)
    assert torch.equal(Matrix(c.mH).double().matrix, c.mH.to(torch.complex128))
    assert torch.equal(Matrix(c).to(torch.complex128).matrix, c.to(torch.complex128))


def test_items_repeated_in_a_row_share_their_matrix() -> None:
    taken = Matrix(normal(3, 5, 12)).take([1, 1, 1, 2, 2, 2])
    assert taken.matrix.shape == (2, 5, 12)


def test_a_shared_matrix_is_taken_as_it_is() -> None:
    shared = Matrix(normal(5, 12))
    assert shared.take([1, 1]) is shared


@pytest.mark.parametrize(
    ("matrix", "in_shape", "message"),
    [
        (torch.zeros(4), None, r"matrix has shape \(4,\), expected \(m, n\) or \(B, m, n\)"),
        (torch.zeros(4, 6), (1, 2, 2), "matrix has 6 columns, in_shape .* expects 4"),
        (torch.full((2, 2), torch.nan), None, "not finite"),
    ],
)
def test_impossible_matrices_are_refused(matrix: torch.Tensor, in_shape: tuple[int, ...] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Matrix(matrix, in_shape)


@pytest.mark.parametrize("shape", [(4, 13), (2, 12), (12,)])
def test_items_of_another_shape_or_number_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="was A drawn for another m or batch"):
        Matrix(normal(4, 5, 12))(normal(*shape))
