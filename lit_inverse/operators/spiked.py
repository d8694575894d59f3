"""The spiked matrix models."""

from torch import Tensor

from lit_inverse.operators.base import Operator


class Spiked(Operator):
    """Y = vec(x) vec(x)^T, (n, n), not normalised; for complex x, vec(x) vec(x)^H.

    The signal of both spiked matrix models with generative priors (Aubin et al. 2019; Cocola, Hand and Voroninski
    2020); the noise law makes the difference: `lit_inverse.noise.Wigner` adds a symmetric Gaussian matrix, `Wishart`
    gives the covariance of samples u x^T + noise, u unknown. Either states how its papers normalise. x and -x have the
    same Y.

    Args:
        in_shape: shape of x without the batch, of n entries in all.
    """

    def __init__(self, in_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.in_shape = tuple(in_shape)
        self.out_shape = (self.n, self.n)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        spike = x.flatten(1)
        return spike.unsqueeze(2) * spike.conj().unsqueeze(1)
