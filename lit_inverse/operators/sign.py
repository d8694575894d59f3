"""1-bit compressed sensing."""

from collections.abc import Sequence

from torch import Tensor

from lit_inverse.operators.items import on_parts
from lit_inverse.operators.pointwise import LinearPart, Pointwise, straight_through


class Sign(Pointwise):
    """y = sign(A x) in {-1, 1}, entry by entry, with sign(0) = 1 (Boufounos and Baraniuk 2008).

    The length of x is lost: c x gives the same y for each c > 0. Of complex measurements both parts keep their sign.

    The derivative is 0 wherever there is one, and so is `vjp`. With `straight_through` that of A stands in for it: the
    gradient of ||y - sign(A x)||^2 / 2 is then A^T (sign(A x) - y), the step of binary iterative hard thresholding
    (Jacques et al. 2013). Methods that use A itself find it as `operator`.

    Args:
        operator: a linear A; or its law, drawn for in_shape (class_path and init_args in a configuration); a real
            `Gaussian` A with m measurements by default, m > n permitted.
        in_shape: shape of x without the batch, where A is yet to be drawn.
        m: number of measurements, where A is yet to be drawn and has such an argument.
        seed: of A: an int for one shared by all items, a list of ints for one per item.
        straight_through: differentiates as if y were A x.

    Raises:
        ValueError: when A is neither given nor can be drawn.
    """

    def __init__(
        self,
        operator: LinearPart = None,
        in_shape: tuple[int, ...] | None = None,
        m: int | None = None,
        seed: int | Sequence[int] = 0,
        straight_through: bool = False,
    ) -> None:
        super().__init__(operator, in_shape, m, seed)
        self.straight_through = straight_through

    def response(self, clean: Tensor) -> Tensor:
        y = on_parts(lambda part: part.sign() + (part == 0), clean)
        return straight_through(y, clean) if self.straight_through else y
