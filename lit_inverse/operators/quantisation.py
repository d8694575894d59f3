"""Sensors with a limited number of bits."""

from collections.abc import Sequence

from torch import Tensor

from lit_inverse.operators.items import on_parts
from lit_inverse.operators.pointwise import LinearPart, Pointwise, straight_through
from lit_inverse.settings import at_least_1


class Quantisation(Pointwise):
    """y = Q(A x): the nearest midpoint of the 2^bits cells of equal width into which an interval (low, high) is cut.

    Q(v) = low + w (k + 1/2), k = floor((v - low) / w) from 0 to 2^bits - 1, w = (high - low) / 2^bits: uniform, and
    for an interval around 0 mid-rise (Gersho and Gray 1992, Ch. 5). |Q(v) - v| <= w / 2 inside; values outside go to
    the outermost midpoints. Both parts of complex measurements are quantised. 1 bit on (-2, 2) is `Sign`.

    The derivative is 0 wherever there is one, and so is `vjp`. With `straight_through` that of A stands in for it: the
    gradient of ||y - Q(A x)||^2 / 2 is then A^T (Q(A x) - y), the step of quantised iterative hard thresholding
    (Jacques, Degraux and De Vleeschouwer 2013). Methods that use A itself find it as `operator`.

    Args:
        operator: a linear A; or its law, drawn for in_shape (class_path and init_args in a configuration); a real
            `Gaussian` A with m measurements by default, m > n permitted.
        in_shape: shape of x without the batch, where A is yet to be drawn.
        m: number of measurements, where A is yet to be drawn and has such an argument.
        seed: of A: an int for one shared by all items, a list of ints for one per item.
        bits: of each real number, at least 1.
        interval: (low, high), in units of A x.
        straight_through: differentiates as if y were A x.

    Raises:
        ValueError: when bits < 1, the interval is empty, or A is neither given nor can be drawn.
    """

    def __init__(
        self,
        operator: LinearPart = None,
        in_shape: tuple[int, ...] | None = None,
        m: int | None = None,
        seed: int | Sequence[int] = 0,
        bits: int = 8,
        interval: tuple[float, float] = (-1.0, 1.0),
        straight_through: bool = False,
    ) -> None:
        super().__init__(operator, in_shape, m, seed)
        at_least_1(bits=bits)
        if not interval[0] < interval[1]:
            raise ValueError(f"interval is {tuple(interval)}, expected (low, high) with low < high")
        self.bits, self.interval, self.straight_through = bits, interval, straight_through

    def response(self, clean: Tensor) -> Tensor:
        y = on_parts(self._midpoint, clean)
        return straight_through(y, clean) if self.straight_through else y

    def _midpoint(self, value: Tensor) -> Tensor:
        low, high = self.interval
        width = (high - low) / 2**self.bits
        cell = ((value - low) / width).floor().clamp(0, 2**self.bits - 1)
        midpoint: Tensor = low + width * (cell + 0.5)
        return midpoint
