"""Measurements y = f(A x): a linear operator, and behind it a response f of each entry."""

import copy
import inspect
import pydoc
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator, Operator
from lit_inverse.operators.gaussian import Gaussian

# A itself; or its law, in Python or as class_path and init_args of a configuration, drawn for in_shape (and m, seed).
# To the parser it is a dict only: what lacks in_shape, and maybe m, is no operator yet.
if TYPE_CHECKING:
    LinearPart: TypeAlias = LinearOperator | Callable[[tuple[int, ...]], LinearOperator] | dict[str, Any] | None
else:
    LinearPart = dict[str, Any] | None


class Pointwise(Operator):
    """y = f(A x) with f acting on each entry.

    Attributes:
        operator: A, for the methods that work through it.
    """

    operator: LinearOperator

    def __init__(
        self, operator: LinearPart, in_shape: tuple[int, ...] | None, m: int | None, seed: int | Sequence[int]
    ) -> None:
        super().__init__()
        self.operator = _linear_part(operator, in_shape, m, seed)
        self.in_shape, self.out_shape = self.operator.in_shape, self.operator.out_shape
        self.n_items = self.operator.n_items

    @abstractmethod
    def response(self, clean: Tensor) -> Tensor:
        """f(A x) for A x of shape (B, *out_shape)."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.response(self.operator(x))
        return y if y.is_complex() else y.to(x.real.dtype)

    def take(self, index: Index) -> "Pointwise":
        if self.n_items is None:
            return self
        taken = copy.copy(self)
        taken._modules = {**self._modules, "operator": self.operator.take(index)}
        taken.n_items = taken.operator.n_items
        return taken


def straight_through(y: Tensor, clean: Tensor) -> Tensor:
    """y = f(clean) exactly, but with the derivative of the identity in place of that of a piecewise constant f."""
    return y.detach() + (clean - clean.detach())


def _linear_part(
    operator: LinearPart, in_shape: tuple[int, ...] | None, m: int | None, seed: int | Sequence[int]
) -> LinearOperator:
    if isinstance(operator, LinearOperator):
        if in_shape not in (None, operator.in_shape) or m not in (None, operator.m):
            raise ValueError(
                f"got an A of in_shape {operator.in_shape} and m = {operator.m}, but in_shape {in_shape} and m {m}: "
                "leave them out, or give the law of A"
            )
        return operator
    if in_shape is None:
        raise ValueError("got neither a linear operator nor an in_shape to draw one for")
    settings: dict[str, Any] = {} if m is None else {"m": m}
    if operator is None:
        if m is None:
            raise ValueError("m is None, expected the number of measurements of a Gaussian A, or another operator")
        return Gaussian(in_shape, seed=seed, allow_overdetermined=True, **settings)
    law: Any = operator
    if isinstance(operator, dict):
        law, settings = pydoc.locate(str(operator.get("class_path"))), {**operator.get("init_args", {}), **settings}
        if law is None:
            raise ValueError(f"there is no {operator.get('class_path')}, expected the class_path of a linear operator")
    settings.pop("in_shape", None)
    if "seed" in inspect.signature(law).parameters:
        settings["seed"] = seed
    drawn = law(tuple(in_shape), **settings)
    if not isinstance(drawn, LinearOperator):
        raise ValueError(f"operator is a {type(drawn).__name__}, expected a linear operator")
    return drawn
