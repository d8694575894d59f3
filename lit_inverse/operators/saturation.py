"""Sensors with a limited range."""

from collections.abc import Sequence

from torch import Tensor

from lit_inverse.operators.items import on_parts
from lit_inverse.operators.pointwise import LinearPart, Pointwise
from lit_inverse.settings import positive


class Saturation(Pointwise):
    """y = min(max(A x, -limit), limit), entry by entry (Laska, Boufounos, Davenport and Baraniuk 2011).

    Both parts of complex measurements are clipped. The derivative is 0 where y is clipped.

    Args:
        operator: a linear A; or its law, drawn for in_shape (class_path and init_args in a configuration); a real
            `Gaussian` A with m measurements by default, m > n permitted.
        in_shape: shape of x without the batch, where A is yet to be drawn.
        m: number of measurements, where A is yet to be drawn and has such an argument.
        seed: of A: an int for one shared by all items, a list of ints for one per item.
        limit: > 0, in units of A x; of a Gaussian A the entries of A x have standard deviation ||x|| / sqrt(m).

    Raises:
        ValueError: when the limit is not positive, or A is neither given nor can be drawn.
    """

    def __init__(
        self,
        operator: LinearPart = None,
        in_shape: tuple[int, ...] | None = None,
        m: int | None = None,
        seed: int | Sequence[int] = 0,
        limit: float = 1.0,
    ) -> None:
        super().__init__(operator, in_shape, m, seed)
        positive(limit=limit)
        self.limit = limit

    def response(self, clean: Tensor) -> Tensor:
        return on_parts(lambda part: part.clamp(-self.limit, self.limit), clean)
