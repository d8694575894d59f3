"""Matrices from files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lit_inverse.operators import StoredMatrix

A = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, ">f8", np.int64, np.complex128])
def test_the_matrix_is_that_of_the_file(tmp_path: Path, dtype: object) -> None:
    np.save(tmp_path / "a.npy", A.astype(dtype))  # type: ignore[call-overload]
    np.savez(tmp_path / "a.npz", A=A.astype(dtype), other=A)  # type: ignore[call-overload]
    x = torch.ones(2, 1, 2, 2)
    for name in ("a.npy", "a.npz"):
        operator = StoredMatrix((1, 2, 2), tmp_path / name)
        assert operator.out_shape == (3,)
        assert operator.matrix.dtype == (torch.complex64 if dtype is np.complex128 else torch.float32)
        torch.testing.assert_close(operator(x).real, torch.tensor([[6.0, 22.0, 38.0]] * 2))


def test_what_is_no_matrix_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file"):
        StoredMatrix((4,), tmp_path / "none.npy")
    (tmp_path / "empty.npy").touch()
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.savez(tmp_path / "other.npz", B=A)
    for name in ("empty.npy", "words.npy", "other.npz"):
        with pytest.raises(ValueError, match=f"{name} holds no matrix 'A'"):
            StoredMatrix((4,), tmp_path / name)
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="expected a matrix"):
        StoredMatrix((2,), tmp_path / "cube.npy")
