"""The corner of the L-curve."""

import torch
from torch import Tensor

from lit_inverse.settings import at_least_1
from lit_inverse.solvers.spectral.filters import Filter
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice
from lit_inverse.solvers.spectral.singular_system import SingularSystem


class LCurve(ParameterChoice):
    """The alpha of largest curvature of (log ||A x - y||, log ||x||) (Hansen 1992).

    The curvature is that of the circle through three points (Cultrera, Callegaro 2020), which also serves filters that
    jump. It needs no sigma, and an ill-posed problem: others have no corner. Where there is little noise alpha is
    too small (with `Integration` and 1 % of noise a tenth to a third of the best); with filters that are not smooth,
    `SoftTSVD` and `TSVD`, it may also be far too large (at .01 % in most draws).

    Args:
        number: of alphas on the curve, from thresholds between the smallest and the largest singular value.
        spacing: of the three points, in alphas; they belong to thresholds of ratio 1.7 where singular values span 5
            decades.

    Raises:
        ValueError: when the curve has no three points.
    """

    def __init__(self, number: int = 200, spacing: int = 10) -> None:
        at_least_1(spacing=spacing)
        if number <= 2 * spacing:
            raise ValueError(f"number is {number}, expected more than 2 spacing = {2 * spacing}")
        self.number, self.spacing = number, spacing

    def __call__(self, system: SingularSystem, family: Filter, noise: Tensor) -> Tensor:
        alphas = family.alpha_of(system.thresholds(self.number))
        squares = [torch.stack([system.residual(family, a), system.size(family, a)]) for a in alphas]
        curve = torch.stack(squares).clamp_min(torch.finfo(alphas.dtype).tiny).log() / 2  # (number, 2, B)
        corner = _curvature(curve, self.spacing).argmax(0, keepdim=True)
        return alphas.gather(0, corner + self.spacing)[0]


def _curvature(curve: Tensor, spacing: int) -> Tensor:
    """Of the circles through points (number, 2, B), positive where they turn left, (number - 2 spacing, B)."""
    first, middle, last = curve[: -2 * spacing], curve[spacing:-spacing], curve[2 * spacing :]
    a, b, c = middle - first, last - middle, last - first
    twice_area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    lengths = a.norm(dim=1) * b.norm(dim=1) * c.norm(dim=1)
    return torch.where(lengths > 0, 2 * twice_area / lengths, 0)
