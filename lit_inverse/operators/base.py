"""Forward operators A of y = A(x) + eta."""

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import torch
from torch import Tensor, nn

from lit_inverse.operators.items import column
from lit_inverse.operators.krylov import conjugate_gradients, lanczos_norm

Index = Tensor | Sequence[int]


def item_numbers(index: Index) -> Tensor:
    """The numbers of the items that an index or a mask of them selects."""
    items = torch.as_tensor(index)
    return items.nonzero().squeeze(1) if items.dtype == torch.bool else items.long()  # of no items too


class Operator(nn.Module, ABC):
    """A map A from signals to measurements, shared by all items of a batch or one per item.

    Attributes:
        in_shape: shape of x without the batch: (C, H, W) for images, (n,) for vectors.
        out_shape: shape of y without the batch.
        n_items: number of items when there is one A per item, None when A is shared.
        per_item: names of the buffers that hold one A per item along their first axis.
    """

    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    n_items: int | None = None
    per_item: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        # remembers device and precision for operators that keep no numbers
        self._reference = torch.empty(0, dtype=torch.float32)

    @classmethod
    def determining(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Of settings for the constructor those that A depends on besides its seed; all, unless a class knows better.

        Results are stored under them: others may change, and stored results are still found.
        """
        return dict(settings)

    @property
    def n(self) -> int:
        """Number of unknowns."""
        return math.prod(self.in_shape)

    @property
    def m(self) -> int:
        """Number of measurements; a complex one counts once."""
        return math.prod(self.out_shape)

    @property
    def like(self) -> Tensor:
        """An empty real tensor on the device and in the precision of A."""
        kept = [b for b in self.buffers() if b.numel() > 0 and (b.is_floating_point() or b.is_complex())]
        inner = [part.like for part in self.children() if isinstance(part, Operator)]
        return next(iter([*kept, *inner]), self._reference).flatten()[:0].real

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Operator":
        """Lets double(), half() and to(dtype) change the precision of complex numbers too, which torch leaves alone."""

        def on_parts(buffer: Tensor) -> Tensor:
            if not buffer.is_complex():
                return fn(buffer)
            changed = fn(torch.view_as_real(buffer.resolve_conj()))
            if changed.is_complex():  # asked for a complex type, both parts became complex
                return changed[..., 0] + 1j * changed[..., 1]
            return torch.view_as_complex(changed)

        self._reference = fn(self._reference)
        super()._apply(on_parts, recurse)  # type: ignore[no-untyped-call]
        return self

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Maps x of shape (B, *in_shape) to y of shape (B, *out_shape)."""

    def take(self, index: Index) -> "Operator":
        """The operator of the selected or repeated items: itself if A is shared.

        With one A per item, the buffers named in `per_item` are selected along their first axis.
        """
        if self.n_items is None:
            return self
        if not self.per_item:
            raise TypeError(f"{type(self).__name__} has one A per item and must say how to take items")
        items = item_numbers(index)
        taken = copy.copy(self)
        taken.n_items = len(items)
        taken._buffers = dict(self._buffers)
        for name in self.per_item:
            buffer = self.get_buffer(name)
            taken._buffers[name] = buffer.index_select(0, items.to(buffer.device))
        return taken

    def vjp(self, x: Tensor, v: Tensor) -> Tensor:
        """J(x)^H v, (B, *in_shape), by automatic differentiation; for a linear A it is A^H v whatever x.

        Args:
            x: (B, *in_shape).
            v: (B, *out_shape).
        """
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self(x), x, v)
        return gradient

    def __matmul__(self, other: "Operator") -> "Operator":
        """A @ B: x -> A(B(x))."""
        from lit_inverse.operators.composition import Composition

        return Composition(self, other)

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

    def take(self, index: Index) -> "LinearOperator":
        taken = super().take(index)
        assert isinstance(taken, LinearOperator)
        return taken

    def vjp(self, x: Tensor, v: Tensor) -> Tensor:
        product = self.adjoint(v)
        return product if x.is_complex() or not product.is_complex() else product.real

    def norm(self) -> Tensor:
        """||A||_2, shape () if A is shared, (B,) if there is one per item.

        The square root of the largest Ritz value of A^H A after 32 Lanczos steps from a fixed start: never above the
        true norm, and for the dense spectral edge of a random matrix below it by up to 1e-3 relative.
        """
        return lanczos_norm(self, n_steps=32)

    def normal(self, x: Tensor) -> Tensor:
        """A^H A x of shape (B, *in_shape)."""
        return self.adjoint(self(x))

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        """(A A^H + rho I)^-1 y of shape (B, *out_shape); by conjugate gradients where there is no closed form.

        Args:
            y: (B, *out_shape).
            rho: > 0, a number or (B,).
        """
        return conjugate_gradients(lambda v: self(self.adjoint(v)) + column(rho, v) * v, y)

    def pinv(self, y: Tensor) -> Tensor:
        """A^+ y of shape (B, *in_shape), the shortest x of least ||A x - y||.

        By conjugate gradients where there is no closed form: of A^H A x = A^H y, which converges the slower the
        larger the condition number of A is.
        """
        return conjugate_gradients(self.normal, self.adjoint(y))

    @property
    def H(self) -> "LinearOperator":
        """The adjoint as an operator."""
        from lit_inverse.operators.composition import Adjoint

        return Adjoint(self)

    def gram(self) -> "LinearOperator":
        """A^H A as an operator."""
        return self.H @ self

    def on_reals(self) -> "LinearOperator":
        """The same A for real x, where y is complex: its adjoint is the real part of A^H y."""
        from lit_inverse.operators.composition import OnReals

        return OnReals(self)

    @overload
    def __matmul__(self, other: "LinearOperator") -> "LinearOperator": ...
    @overload
    def __matmul__(self, other: Operator) -> Operator: ...
    def __matmul__(self, other: Operator) -> Operator:
        from lit_inverse.operators.composition import LinearComposition

        return LinearComposition(self, other) if isinstance(other, LinearOperator) else super().__matmul__(other)

    def __mul__(self, factor: complex) -> "LinearOperator":
        """A * c = c * A."""
        return factor * self

    def __rmul__(self, factor: complex) -> "LinearOperator":
        """c * A: x -> c A(x)."""
        from lit_inverse.operators.composition import Scaled

        return Scaled(self, factor)
