"""Super-resolution: small images of large ones."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import column, on_parts
from lit_inverse.settings import one_of

Kind = Literal["mean", "bicubic"]


class Downsampling(LinearOperator):
    """y = R x C^T on each channel: an image made smaller by a factor, along its rows and its columns.

    "mean" averages blocks of factor x factor pixels: A A^T = I / factor^2. "bicubic" is imresize of MATLAB with its
    defaults: pixel i of y lies at (i + 1/2) factor - 1/2 and is the mean of x with weights k(distance / factor) of sum
    1, k the cubic kernel of Keys 1981 (a = -1/2), the image mirrored at its edges. Away from these, Pillow and torch
    (with antialias) do the same. norm, pinv and solve_gram are closed forms by the singular values of R and C.

    Args:
        in_shape: (C, H, W).
        factor: a whole number that divides H and W.
        kind: see above.

    Raises:
        ValueError: when factor does not divide the image, or kind is none of these.
    """

    rows: Tensor  # R, (h, H)
    columns: Tensor  # C, (w, W)
    power: Tensor  # eigenvalues of A A^T, (h, w)
    row_modes: Tensor  # eigenvectors of R R^T, (h, h)
    column_modes: Tensor  # eigenvectors of C C^T, (w, w)

    def __init__(self, in_shape: tuple[int, ...], factor: int = 2, kind: Kind = "mean") -> None:
        super().__init__()
        if len(in_shape) != 3 or factor < 1 or in_shape[1] % factor or in_shape[2] % factor:
            raise ValueError(
                f"factor is {factor}, in_shape {tuple(in_shape)}: expected (C, H, W), H and W its multiples"
            )
        self.in_shape = tuple(in_shape)
        self.out_shape = (in_shape[0], in_shape[1] // factor, in_shape[2] // factor)
        one_of(Kind, kind=kind)
        weights = _mean_weights if kind == "mean" else _bicubic_weights
        self._weights = weights(in_shape[1], factor), weights(in_shape[2], factor)  # in float64
        self.register_buffer("rows", self._weights[0].float())
        self.register_buffer("columns", self._weights[1].float())
        for name in ("power", "row_modes", "column_modes"):
            self.register_buffer(name, None)
        self._decompose()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Downsampling":
        super()._apply(fn, recurse)
        self.rows, self.columns = (weights.to(self.rows) for weights in self._weights)  # in the new precision
        self._decompose()
        return self

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return _sandwich(self.rows, x, self.columns)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return _sandwich(self.rows.mT, y, self.columns.mT)

    def norm(self) -> Tensor:
        return self.power.amax().sqrt()

    def pinv(self, y: Tensor) -> Tensor:
        return self.adjoint(self.solve_gram(y, 0.0))  # R and C have full rank

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        modes = _sandwich(self.row_modes.mT, y, self.column_modes.mT)
        return _sandwich(self.row_modes, modes / (self.power + column(rho, y)), self.column_modes)

    def _decompose(self) -> None:
        dtype = torch.promote_types(self.rows.dtype, torch.float32)
        rows, columns = self.rows.to(dtype), self.columns.to(dtype)
        (row_power, row_modes), (column_power, column_modes) = (torch.linalg.eigh(w @ w.mT) for w in (rows, columns))
        self.power = torch.outer(row_power, column_power).to(self.rows.dtype)
        self.row_modes, self.column_modes = row_modes.to(self.rows.dtype), column_modes.to(self.rows.dtype)


def _mean_weights(length: int, factor: int) -> Tensor:
    return torch.eye(length // factor, dtype=torch.float64).repeat_interleave(factor, 1) / factor


def _bicubic_weights(length: int, factor: int) -> Tensor:
    centres = (torch.arange(length // factor, dtype=torch.float64)[:, None] + 0.5) * factor - 0.5
    pixels = (centres - 2 * factor).floor() + torch.arange(4 * factor + 2)
    weights = _keys((centres - pixels) / factor)
    mirrored = pixels.long() % (2 * length)
    mirrored = torch.minimum(mirrored, 2 * length - 1 - mirrored)
    matrix = torch.zeros(length // factor, length, dtype=torch.float64)
    return matrix.scatter_add(1, mirrored, weights / weights.sum(1, keepdim=True))


def _keys(u: Tensor) -> Tensor:
    """Keys 1981, Eq. 15: 1.5 |u|^3 - 2.5 |u|^2 + 1 up to 1, -0.5 |u|^3 + 2.5 |u|^2 - 4 |u| + 2 up to 2."""
    u = u.abs()
    near, far = (1.5 * u - 2.5) * u**2 + 1, ((-0.5 * u + 2.5) * u - 4) * u + 2
    return torch.where(u <= 1, near, torch.where(u < 2, far, 0))


def _sandwich(left: Tensor, x: Tensor, right: Tensor) -> Tensor:
    """left x right^T for a real or complex x (B, C, H, W)."""
    return on_parts(lambda part: left @ part @ right.mT, x)
