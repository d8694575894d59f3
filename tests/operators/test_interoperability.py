"""Operators of deepinv, scipy and PyLops as ours, and ours as scipy's."""

import sys
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from operator_examples import LINEAR, normal
from scipy.sparse.linalg import LinearOperator as ScipyLinearOperator
from scipy.sparse.linalg import aslinearoperator, lsqr
from torch import Tensor

from lit_inverse.operators import Gaussian, LinearOperator, Matrix, Operator, checks, from_deepinv, from_scipy, to_scipy

A = normal(8, 12, dtype=torch.float64)
COMPLEX = normal(8, 12, dtype=torch.complex128)


@pytest.mark.parametrize("matrix", [A, COMPLEX])
@pytest.mark.parametrize("wrap", [np.asarray, scipy.sparse.csr_array, aslinearoperator])
def test_an_imported_matrix_is_that_matrix(matrix: Tensor, wrap: Any) -> None:
    imported, expected = from_scipy(wrap(matrix.numpy()), (3, 4), (2, 4)), Matrix(matrix, (3, 4))
    x, y = normal(5, 3, 4, dtype=torch.float64), normal(5, 8, dtype=matrix.dtype)
    torch.testing.assert_close(imported(x), expected(x.to(matrix.dtype)).view(5, 2, 4))
    torch.testing.assert_close(imported.adjoint(y.view(5, 2, 4)), expected.adjoint(y))
    torch.testing.assert_close(imported.norm().double(), expected.norm().double())


def test_an_imported_operator_needs_only_single_products() -> None:
    array = A.numpy()
    minimal = ScipyLinearOperator((8, 12), matvec=lambda v: array @ v, rmatvec=lambda v: array.T @ v)  # type: ignore[call-arg]
    x = normal(5, 12, dtype=torch.float64)
    torch.testing.assert_close(from_scipy(minimal)(x), x @ A.mT)
    assert checks.dot_test(from_scipy(minimal)) < 1e-10


@pytest.mark.parametrize("matrix", [A, COMPLEX])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_autograd_goes_through_an_imported_operator_twice(matrix: Tensor, dtype: torch.dtype) -> None:
    imported = from_scipy(matrix.numpy())
    x = normal(2, 12, dtype=dtype).requires_grad_()

    def power(x: Tensor) -> Tensor:
        return imported(x).abs().pow(4).sum()

    assert torch.autograd.gradcheck(power, x)
    assert torch.autograd.gradgradcheck(power, x)


@pytest.mark.parametrize("in_shape", [(11,), (3, 5)])
def test_an_in_shape_that_does_not_fit_is_refused(in_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"has shape \(8, 12\), but"):
        from_scipy(A.numpy(), in_shape)


def test_what_is_no_operator_is_refused() -> None:
    with pytest.raises(TypeError):
        from_scipy("blur")


def test_without_deepinv_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepinv", None)
    monkeypatch.delitem(sys.modules, "deepinv.physics", raising=False)
    with pytest.raises(ImportError, match="needs the package deepinv"):
        from_deepinv(torch.nn.Identity(), (1, 4, 4))


EXPORTED = [name for name, make in LINEAR.items() if make().n_items is None]


@pytest.mark.parametrize("name", EXPORTED)
def test_every_shared_operator_comes_back_from_its_export(name: str) -> None:
    operator = LINEAR[name]().double()
    x = normal(3, *operator.in_shape, dtype=torch.float64)
    y = operator(x)
    exported = to_scipy(operator)
    returned = from_scipy(exported, operator.in_shape)
    splits = exported.shape[0] == 2 * operator.m
    expected = torch.cat([y.flatten(1).real, y.flatten(1).imag], 1) if splits else y.flatten(1)
    torch.testing.assert_close(returned(x), expected)
    adjoint = operator.adjoint(y)
    torch.testing.assert_close(returned.adjoint(expected), adjoint)
    single = exported.rmatvec(exported.matvec(x[0].flatten().numpy()))
    torch.testing.assert_close(torch.from_numpy(single), adjoint[0].flatten())
    assert exported.dtype == (np.complex128 if y.is_complex() and not splits else np.float64)


@pytest.mark.parametrize("operator", [Gaussian((2, 6), 7, 0).double(), Gaussian((2, 6), 7, [0, 1]).double().take([1])])
def test_lsqr_on_the_export_agrees_with_pinv(operator: LinearOperator) -> None:
    y = normal(1, 7, dtype=torch.float64)
    x = lsqr(to_scipy(operator), y[0].numpy(), atol=1e-14, btol=1e-14)[0]
    torch.testing.assert_close(torch.from_numpy(x).view(1, 2, 6), operator.pinv(y))


def test_one_item_of_many_is_exported_for_any_number_of_columns() -> None:
    operator = Gaussian((12,), 7, [0, 1, 2])
    exported = to_scipy(operator.take([2]))
    columns = normal(12, 4).numpy()
    np.testing.assert_allclose(exported @ columns, operator.matrix[2].numpy() @ columns, rtol=1e-5, atol=1e-6)
    assert exported.dtype == np.float32
    with pytest.raises(ValueError, match=r"for each of 3 items: export operator.take"):
        to_scipy(operator)


@pytest.fixture
def pylops() -> Any:
    return pytest.importorskip("pylops", reason="pylops is not installed")


def test_a_pylops_operator_is_imported_and_solves_ours(pylops: Any) -> None:
    blur = pylops.FirstDerivative((6, 5), axis=0, kind="centered")
    imported = from_scipy(blur, (1, 6, 5), (6, 5))
    x = normal(3, 1, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(imported(x)[:, 1:-1], (x[:, 0, 2:] - x[:, 0, :-2]) / 2)
    assert checks.dot_test(imported) < 1e-10
    assert checks.dot_test(imported, complex_input=True) < 1e-10
    fft = from_scipy(pylops.signalprocessing.FFT(9))
    assert checks.dot_test(fft) < 1e-10
    operator = Gaussian((12,), 7, 0).double()
    y = normal(1, 7, dtype=torch.float64)
    x_hat = pylops.aslinearoperator(to_scipy(operator)).div(y[0].numpy(), niter=100)
    torch.testing.assert_close(torch.from_numpy(x_hat)[None], operator.pinv(y))


@pytest.fixture
def physics() -> Any:
    return pytest.importorskip("deepinv", reason="deepinv is not installed").physics


def test_linear_deepinv_physics_are_linear_operators(physics: Any) -> None:
    shape, kernel = (1, 8, 8), torch.ones(1, 1, 3, 3) / 9
    for one, in_shape in [
        (physics.Blur(kernel, padding="circular"), shape),
        (physics.Inpainting(shape, mask=0.5), shape),
        (physics.CompressedSensing(m=20, img_size=shape), shape),
        (physics.MRI(mask=(normal(8, 8) > 0).float(), img_size=(2, 8, 8)), (2, 8, 8)),
        (physics.Downsampling(img_size=shape, factor=2, filter="bicubic"), shape),
    ]:
        operator = from_deepinv(one, in_shape)
        assert isinstance(operator, LinearOperator)
        x = normal(3, *in_shape)
        assert torch.equal(operator(x), one.A(x))
        dot = operator(x).flatten(1) * (v := operator(normal(3, *in_shape, seed=1))).flatten(1)
        torch.testing.assert_close(dot.sum(1), (x * operator.adjoint(v)).flatten(1).sum(1), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(Operator.vjp(operator, x, v), operator.adjoint(v), rtol=1e-4, atol=1e-4)
        assert operator.norm() > 0


def test_its_noise_is_left_out(physics: Any) -> None:
    import deepinv

    one = physics.Blur(torch.ones(1, 1, 3, 3) / 9, noise_model=deepinv.physics.GaussianNoise(0.5))
    operator = from_deepinv(one, (1, 8, 8))
    assert operator.out_shape == (1, 6, 6)
    assert torch.equal(operator(normal(1, 1, 8, 8)), operator(normal(1, 1, 8, 8)))


def test_nonlinear_deepinv_physics_are_operators(physics: Any) -> None:
    one = physics.RandomPhaseRetrieval(m=20, img_size=(1, 4, 4), dtype=torch.complex64)
    operator = from_deepinv(one, (1, 4, 4), dtype=torch.complex64)
    x = normal(3, 1, 4, 4, dtype=torch.complex64)
    assert not isinstance(operator, LinearOperator)
    assert torch.equal(operator(x), one.A(x))
    assert operator.vjp(x, operator(x)).shape == x.shape


def test_what_is_no_physics_is_refused(physics: Any) -> None:
    with pytest.raises(TypeError, match=r"is a Identity, expected a deepinv.physics.Physics"):
        from_deepinv(torch.nn.Identity(), (1, 4, 4))


def test_stacked_deepinv_physics_are_refused(physics: Any) -> None:
    one = physics.Denoising()
    with pytest.raises(TypeError, match="expected one tensor"):
        from_deepinv(one.stack(physics.Denoising()), (1, 4, 4))


def test_a_deepinv_adjoint_of_another_shape_is_refused(physics: Any) -> None:
    one = physics.LinearPhysics(A=lambda x, **_: x, A_adjoint=lambda y, **_: y[..., 1:])
    with pytest.raises(ValueError, match=r"in_shape is \(1, 4, 4\)"):
        from_deepinv(one, (1, 4, 4))
