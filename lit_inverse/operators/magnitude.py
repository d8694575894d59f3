"""Phase retrieval."""

from collections.abc import Sequence

from torch import Tensor

from lit_inverse.operators.pointwise import LinearPart, Pointwise


class Magnitude(Pointwise):
    """y = |A x|, entry by entry, or |A x|^2.

    |A x| for a real A with A_ij ~ N(0, 1/m) is the model of phase retrieval under a generative prior (Hand, Leong and
    Voroninski 2018, Sec. 1), |A x|^2 that of Wirtinger flow (Candes, Li and Soltanolkotabi 2015, eq. (1.1)). Where
    (A x)_i = 0 the derivative is taken as 0.

    Args:
        operator: a linear A; or its law, drawn for in_shape (class_path and init_args in a configuration); a real
            `Gaussian` A with m measurements by default, m > n permitted.
        in_shape: shape of x without the batch, where A is yet to be drawn.
        m: number of measurements, where A is yet to be drawn and has such an argument.
        seed: of A: an int for one shared by all items, a list of ints for one per item.
        squared: measures |A x|^2.

    Raises:
        ValueError: when A is neither given nor can be drawn.
    """

    def __init__(
        self,
        operator: LinearPart = None,
        in_shape: tuple[int, ...] | None = None,
        m: int | None = None,
        seed: int | Sequence[int] = 0,
        squared: bool = False,
    ) -> None:
        super().__init__(operator, in_shape, m, seed)
        self.squared = squared

    def response(self, clean: Tensor) -> Tensor:
        return (clean * clean.conj()).real if self.squared else clean.abs()
