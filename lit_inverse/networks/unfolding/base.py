"""Iterations for y = A x cut after T steps, whose numbers are trained: what all of them share."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from lit_inverse.networks.generator import ValueRange
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.operators import LinearOperator, Matrix

_OTHERS = "share A (operator_per: sweep), or take StepLISTA, AdaLISTA, LVAMP, LAMP or ConvLISTA, which go with any"


class System:
    """y = A x + eta for vectors: x (B, n) and y (B, m), whatever the shapes of A.

    Attributes:
        sigma: standard deviation of eta, (B, 1); None where it is not known.

    Raises:
        ValueError: when y is complex.
    """

    def __init__(self, y: Tensor, operator: LinearOperator, sigma: Tensor | None = None) -> None:
        operator.check_batch(y, operator.out_shape, "y")
        if y.is_complex():
            raise ValueError(f"y is {y.dtype}, unfolded networks take real measurements")
        self.y, self.operator = y.flatten(1), operator
        self.sigma = None if sigma is None else sigma[:, None]

    def zeros(self) -> Tensor:
        """x_0, (B, n)."""
        return self.y.new_zeros(len(self.y), self.operator.n)

    def residual(self, x: Tensor) -> Tensor:
        """y - A x."""
        measured: Tensor = self.operator(x.view(-1, *self.operator.in_shape))
        return self.y - measured.flatten(1)

    def adjoint(self, r: Tensor) -> Tensor:
        """A^T r."""
        return self.operator.adjoint(r.view(-1, *self.operator.out_shape)).flatten(1)


class UnfoldedNetwork(nn.Module, ABC):
    """x_T after T steps ("layers") from x_0 = 0, for real x and y.

    Args:
        m: number of measurements; null for any, where the weights are bound to no A.
        n: number of unknowns.
        n_layers: T.
        settings: the other arguments of its class.

    Attributes:
        settings: all arguments it was made with.
        exported: type that exported weights are kept in: half precision would end near -65 dB.
        in_shape: of the x it is trained on.
        value_range: the range of x its weights are for; None where they go with any.
        bound: whether its weights belong to the A they were initialised with; others take any A of that shape.
        fingerprint: A z, (m,), for a fixed z, by which a bound network knows its A.

    Raises:
        ValueError: when a number is less than 1.
    """

    exported = torch.float32
    value_range: ValueRange | None = None
    bound: bool = True
    fingerprint: Tensor

    def __init__(self, m: int | None = 250, n: int = 500, n_layers: int = 16, **settings: Any) -> None:
        super().__init__()
        for name, value in (("m", m), ("n", n), ("n_layers", n_layers)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        self.m, self.n, self.n_layers = m, n, n_layers
        self.in_shape: tuple[int, ...] = (n,)
        self.settings = {"m": m, "n": n, "n_layers": n_layers, **settings}
        self.register_buffer("fingerprint", torch.zeros(m or 0))

    def initialize(self, operator: LinearOperator) -> None:
        """Sets the weights from A alone.

        Raises:
            ValueError: when A has other numbers of measurements or unknowns, or a bound network meets one A per item.
        """
        self._check_size(operator)
        if self.bound and operator.n_items is not None:
            raise ValueError(f"there is one A per item, the weights of {type(self).__name__} belong to one: {_OTHERS}")
        with torch.no_grad():
            if self.bound:
                self.fingerprint.copy_(_image_of_fixed_vector(operator))
            self._initialize(operator)

    @abstractmethod
    def _initialize(self, operator: LinearOperator) -> None:
        """`initialize` after A was checked, without gradients."""

    def check(self, operator: LinearOperator) -> None:
        """Refuses an A that the weights do not belong to.

        Raises:
            ValueError: when A has another size, or a bound network was initialised with another A.
        """
        self._check_size(operator)
        if not self.bound:
            return
        if operator.n_items is not None:
            raise ValueError(f"there is one A per item, the weights of {type(self).__name__} belong to one: {_OTHERS}")
        seen = _image_of_fixed_vector(operator).to(self.fingerprint)
        if not torch.allclose(seen, self.fingerprint, rtol=0, atol=1e-4 * float(seen.abs().max())):
            raise ValueError(f"this {type(self).__name__} was trained for another A: train it anew, {_OTHERS}")

    @abstractmethod
    def steps(self, system: System) -> Iterator[Tensor]:
        """x_1, x_2, ..., x_T, each (B, n), computed when asked for."""

    def iterates(
        self, y: Tensor, operator: LinearOperator, n_layers: int | None = None, sigma: Tensor | None = None
    ) -> list[Tensor]:
        """x_1 to x_T, or to x_n_layers, each (B, *in_shape of A).

        Args:
            y: (B, *out_shape of A).
            operator: A.
            n_layers: at most T.
            sigma: standard deviation of the noise in y, (B,), where it is known; few networks look at it.

        Raises:
            ValueError: when y, A and the network do not fit in size. (That A is its own, `check` finds out.)
        """
        self._check_size(operator)
        steps = itertools.islice(self.steps(System(y, operator, sigma)), n_layers)
        return [x.view(-1, *operator.in_shape) for x in steps]

    def forward(self, y: Tensor, operator: LinearOperator, sigma: Tensor | None = None) -> Tensor:
        """x_T, (B, *in_shape of A), for y (B, *out_shape of A); sigma as in `iterates`."""
        return self.iterates(y, operator, sigma=sigma)[-1]

    def schedules(self) -> list[Logarithms]:
        """Of thresholds, steps and what else layers have one positive number of."""
        return [module for module in self.modules() if isinstance(module, Logarithms)]

    def _check_size(self, operator: LinearOperator) -> None:
        if operator.n != self.n or self.m not in (None, operator.m):
            made_for = f"{'m' if self.m is None else self.m} x {self.n}"
            raise ValueError(f"A is {operator.m} x {operator.n}, this {type(self).__name__} was made for {made_for}")


def dense(operator: LinearOperator) -> Tensor:
    """The matrix of an A that all items share, (m, n), in float64."""
    if isinstance(operator, Matrix):
        return operator.matrix.double()
    columns: Tensor = operator(torch.eye(operator.n).to(operator.like).view(-1, *operator.in_shape))
    return columns.flatten(1).mT.double()


def _image_of_fixed_vector(operator: LinearOperator) -> Tensor:
    z = torch.randn(operator.n, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    image: Tensor = operator(z.to(operator.like).view(1, *operator.in_shape))
    return image.flatten()
