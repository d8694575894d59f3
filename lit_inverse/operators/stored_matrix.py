"""A matrix from a file."""

import zipfile
from pathlib import Path

import numpy as np
import torch

from lit_inverse.operators.matrix import Matrix
from lit_inverse.paths import ConfigPath


class StoredMatrix(Matrix):
    """y = A vec(x) with the A of a NumPy file.

    Args:
        in_shape: shape of x without the batch.
        path: .npy file with an array (m, n), or .npz with one of that name.
        name: of the array in an .npz.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it holds no such array, or one that does not fit in_shape.
    """

    def __init__(self, in_shape: tuple[int, ...], path: ConfigPath, name: str = "A") -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no file {path}, expected a matrix in a .npy or .npz file")
        try:
            content = np.load(path)
            array = content if isinstance(content, np.ndarray) else content[name]
            matrix = torch.from_numpy(array.astype(np.complex64 if array.dtype.kind == "c" else np.float32))
        except (ValueError, TypeError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} holds no matrix {name!r}, expected an array, or one of that name") from error
        if array.ndim != 2:
            raise ValueError(f"{path} holds an array of shape {array.shape}, expected a matrix (m, n)")
        super().__init__(matrix, in_shape)
