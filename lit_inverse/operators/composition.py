"""Operators made of operators."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lit_inverse.operators.base import Index, LinearOperator, Operator


class Composition(Operator):
    """A @ B: x -> A(B(x)); where both have one operator per item, item by item.

    Raises:
        ValueError: when B's measurements are not A's signals, or the numbers of items differ.
    """

    def __init__(self, outer: Operator, inner: Operator) -> None:
        super().__init__()
        if outer.in_shape != inner.out_shape:
            raise ValueError(f"A @ B: B maps to {inner.out_shape}, expected the in_shape {outer.in_shape} of A")
        self.outer, self.inner = outer, inner
        self.in_shape, self.out_shape = inner.in_shape, outer.out_shape
        self.n_items = _common_items([outer, inner])

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(self.inner(x))
        return y

    def take(self, index: Index) -> Operator:
        return self.outer.take(index) @ self.inner.take(index)


class LinearComposition(LinearOperator):
    """A @ B of linear operators, (A B)^H = B^H A^H."""

    def __init__(self, outer: LinearOperator, inner: LinearOperator) -> None:
        super().__init__()
        whole = Composition(outer, inner)
        self.outer, self.inner = outer, inner
        self.in_shape, self.out_shape, self.n_items = whole.in_shape, whole.out_shape, whole.n_items

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(self.inner(x))
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        return self.inner.adjoint(self.outer.adjoint(y))

    def take(self, index: Index) -> LinearOperator:
        return self.outer.take(index) @ self.inner.take(index)


class Adjoint(LinearOperator):
    """A^H as an operator from measurements to signals."""

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__()
        self.operator = operator
        self.in_shape, self.out_shape, self.n_items = operator.out_shape, operator.in_shape, operator.n_items

    def forward(self, x: Tensor) -> Tensor:
        return self.operator.adjoint(x)

    def adjoint(self, y: Tensor) -> Tensor:
        x: Tensor = self.operator(y)
        return x

    def norm(self) -> Tensor:
        return self.operator.norm()

    def take(self, index: Index) -> LinearOperator:
        return self.operator.take(index).H

    @property
    def H(self) -> LinearOperator:
        return self.operator


class Scaled(LinearOperator):
    """c A for a number c."""

    def __init__(self, operator: LinearOperator, factor: complex) -> None:
        super().__init__()
        self.operator, self.factor = operator, factor
        self.in_shape, self.out_shape, self.n_items = operator.in_shape, operator.out_shape, operator.n_items

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.factor * self.operator(x)
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        return self.factor.conjugate() * self.operator.adjoint(y)

    def norm(self) -> Tensor:
        return abs(self.factor) * self.operator.norm()

    def pinv(self, y: Tensor) -> Tensor:
        return self.operator.pinv(y / self.factor) if self.factor else self.adjoint(y)

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        power = abs(self.factor) ** 2
        return self.operator.solve_gram(y / power, rho / power) if power else super().solve_gram(y, rho)

    def take(self, index: Index) -> LinearOperator:
        return self.factor * self.operator.take(index)


class OnReals(LinearOperator):
    """A for real x, with the adjoint of the real inner product: Re(A^H y)."""

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__()
        self.operator = operator
        self.in_shape, self.out_shape, self.n_items = operator.in_shape, operator.out_shape, operator.n_items

    def forward(self, x: Tensor) -> Tensor:
        if x.is_complex():
            raise ValueError(f"x is {x.dtype}, expected real signals: take the operator without on_reals()")
        y: Tensor = self.operator(x)
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        x = self.operator.adjoint(y)
        return x.real if x.is_complex() else x

    def take(self, index: Index) -> LinearOperator:
        return self.operator.take(index).on_reals()

    def on_reals(self) -> LinearOperator:
        return self


class Stacked(LinearOperator):
    """y = (A_1 x, A_2 x, ...), flattened and joined: out_shape (m_1 + m_2 + ...,).

    Raises:
        ValueError: when the operators act on different signals, or have different numbers of items.
    """

    def __init__(self, operators: Sequence[LinearOperator]) -> None:
        super().__init__()
        shapes = {operator.in_shape for operator in operators}
        if len(shapes) != 1:
            raise ValueError(f"got operators with in_shape {sorted(shapes)}, expected at least one, all with the same")
        self.operators = nn.ModuleList(operators)
        self.in_shape = operators[0].in_shape
        self.out_shape = (sum(operator.m for operator in operators),)
        self.n_items = _common_items(operators)

    def _parts(self) -> list[LinearOperator]:
        return [operator for operator in self.operators if isinstance(operator, LinearOperator)]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([operator(x).flatten(1) for operator in self._parts()], dim=1)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        parts = torch.split(y, [operator.m for operator in self._parts()], dim=1)
        adjoints = [
            operator.adjoint(part.view(-1, *operator.out_shape))
            for operator, part in zip(self._parts(), parts, strict=True)
        ]
        return torch.stack(adjoints).sum(0)

    def take(self, index: Index) -> LinearOperator:
        return Stacked([operator.take(index) for operator in self._parts()])


def stack(*operators: LinearOperator) -> LinearOperator:
    """The operator of all their measurements, see `Stacked`."""
    return Stacked(operators)


def _common_items(operators: Sequence[Operator]) -> int | None:
    numbers = {operator.n_items for operator in operators} - {None}
    if len(numbers) > 1:
        raise ValueError(f"operators have one A per item for {sorted(map(str, numbers))} items, expected one number")
    return numbers.pop() if numbers else None
