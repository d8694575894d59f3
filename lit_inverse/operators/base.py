"""Forward operators A of y = A(x) + eta."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

Index = Tensor | Sequence[int]


class Operator(nn.Module, ABC):
    """A map A from signals to measurements, shared by all items of a batch or one per item.

    Attributes:
        in_shape: shape of x without the batch: (C, H, W) for images, (n,) for vectors.
        out_shape: shape of y without the batch.
        n_items: number of items when there is one A per item, None when A is shared.
    """

    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    n_items: int | None = None

    @property
    def n(self) -> int:
        """Number of unknowns."""
        return math.prod(self.in_shape)

    @property
    def m(self) -> int:
        """Number of measurements; a complex one counts once."""
        return math.prod(self.out_shape)

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Maps x of shape (B, *in_shape) to y of shape (B, *out_shape)."""

    def take(self, index: Index) -> "Operator":
        """The operator of the selected or repeated items: itself if A is shared."""
        if self.n_items is None:
            return self
        raise TypeError(f"{type(self).__name__} has one A per item and must say how to take items")

    def check_batch(self, batch: Tensor, shape: tuple[int, ...], name: str) -> None:
        """Refuses a batch whose items do not have the given shape, or whose number does not fit one A per item."""
        expected = f"({self.n_items or 'B'}, {', '.join(map(str, shape))})"
        if tuple(batch.shape[1:]) != shape or batch.shape[0] != (self.n_items or batch.shape[0]):
            raise ValueError(
                f"{name} has shape {tuple(batch.shape)}, expected {expected}: was A drawn for another m or batch?"
            )


class LinearOperator(Operator):
    """A linear A, with its adjoint for the (real) inner product: <A x, y> = <x, A^H y>."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """Maps y of shape (B, *out_shape) to A^H y of shape (B, *in_shape)."""

    def norm(self) -> Tensor:
        """||A||_2, shape () if A is shared, (B,) if there is one per item.

        The square root of the largest Ritz value of A^H A after 32 Lanczos steps from a fixed start: never above the
        true norm, and for the dense spectral edge of a random matrix below it by up to 1e-3 relative.
        """
        return _lanczos_norm(self, n_steps=32)


def _lanczos_norm(operator: LinearOperator, n_steps: int) -> Tensor:
    n_items = operator.n_items or 1
    start = torch.randn((1, *operator.in_shape), generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    reference = next(operator.buffers(), start)
    real = reference.real.dtype if reference.is_floating_point() or reference.is_complex() else start.dtype
    v = start.to(reference.device, real).expand(n_items, *operator.in_shape)
    v = v / _norms(v)
    v_old, beta = torch.zeros_like(v), v.new_zeros(n_items)
    diagonal, off_diagonal = [], []
    for _ in range(min(n_steps, operator.n)):
        w = operator.adjoint(operator(v)) - _column(beta, v) * v_old
        alpha = (v.conj() * w).real.flatten(1).sum(1)
        w = w - _column(alpha, v) * v
        beta = _norms(w).flatten()
        diagonal.append(alpha)
        off_diagonal.append(beta)
        v_old, v = v, w / _column(beta.clamp_min(torch.finfo(beta.dtype).tiny), w)
    tridiagonal = torch.diag_embed(torch.stack(diagonal, -1))
    side = torch.diag_embed(torch.stack(off_diagonal[:-1], -1), offset=1) if len(diagonal) > 1 else 0.0
    # eigvalsh reads the lower triangle; the transpose of the upper diagonal lies there.
    ritz = torch.linalg.eigvalsh((tridiagonal + side).mT.cpu())[..., -1].to(v.device)
    norm: Tensor = ritz.clamp_min(0).sqrt()
    return norm if operator.n_items else norm[0]


def _norms(v: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(v.flatten(1), dim=1)
    return _column(norms, v)


def _column(scalars: Tensor, like: Tensor) -> Tensor:
    return scalars.view(-1, *[1] * (like.ndim - 1))
