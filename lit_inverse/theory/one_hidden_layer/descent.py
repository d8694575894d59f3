"""One network fitted to one vector of measurements."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.networks import OneHiddenLayer
from lit_inverse.operators import Identity, LinearOperator, SubsampledDCT
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.theory.one_hidden_layer.theorem import largest_step, proved_rate

OPERATORS = ("identity", "subsampled")
VERSION = 2  # raised by hand when what is drawn or measured changes; 1 drew anew for each ratio
_EVERY = 100  # iterations between looks at the residual
_DONE = 1e-10  # relative residual
_SLOPE = (1e-4, 1e-9)  # relative residuals between which the rate is measured


@dataclass(frozen=True)
class Setting:
    """What is varied.

    Attributes:
        operator: "identity", x of m entries; or "subsampled", m of the 2 m rows of an orthonormal matrix.
        m: number of measurements: n of the theorem.
        ratio: d / m.
    """

    operator: str
    m: int
    ratio: float

    @property
    def width(self) -> int:
        """d."""
        return round(self.ratio * self.m)


@dataclass(frozen=True)
class Trial(Setting):
    """One draw of everything. In the units of its rates and eigenvalues an infinitely wide network has J J^T = I / 2.

    Attributes:
        step_share: step over the largest that the proof allows.
        max_iter: number of steps at most.
        seed: of V, W, A and x.
        residual: ||r|| / ||y|| in the end.
        rate: 1 - ||r_{t+1}|| / ||r_t|| over step ||y||^2 / m, in the mean over the last iterations; NaN when
            the residual did not fall to 1e-9.
        excess: largest ||r_t|| over its bound 3 (1 - c)^t ||y||.
        first: lambda_min(J J^T) m / ||y||^2 at the beginning.
        last: in the end.
        flipped: share of the units that are active at one of beginning and end alone.
        moved: ||W_T - W_0|| ||z|| / sqrt(m); the proof allows 60.
        version: `VERSION` when it was measured; 1 of files that do not say.
    """

    step_share: float
    max_iter: int
    seed: int
    residual: float
    rate: float
    excess: float
    first: float
    last: float
    flipped: float
    moved: float
    version: int = 1


@dataclass(frozen=True)
class Point(Setting):
    """||r_t|| / ||y|| at the time t step ||y||^2 / m."""

    seed: int
    time: float
    residual: float


def trial(setting: Setting, seed: int, step_share: float, max_iter: int) -> tuple[Trial, list[Point]]:
    """Fits W to y = A x, ||y|| = 1, in float64."""
    matrix, w, y = problem(setting, seed)
    step = step_share * largest_step(setting.m, setting.width)
    residuals, end = descend(matrix, w, y, step, max_iter)
    unit = step / setting.m
    t = torch.arange(len(residuals), dtype=torch.float64)
    bound = math.log(3) + t * math.log1p(-proved_rate(step, setting.m))
    found = Trial(
        **vars(setting),
        step_share=step_share,
        max_iter=max_iter,
        seed=seed,
        residual=float(residuals[-1]),
        rate=final_rate(residuals) / unit,
        excess=float((residuals.log() - bound).max().exp()),
        first=_least_eigenvalue(matrix, w) * setting.m,
        last=_least_eigenvalue(matrix, end) * setting.m,
        flipped=float(((w > 0) != (end > 0)).double().mean()),
        moved=float((end - w).norm()) / math.sqrt(setting.m),
        version=VERSION,
    )
    return found, [Point(**vars(setting), seed=seed, time=s * unit, residual=float(residuals[s])) for s in kept(len(t))]


def problem(setting: Setting, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """A V (m, d), W z (d,) and y (m,), ||y|| = 1: all that descent depends on, for z of norm 1.

    A and y are the same for all ratios, and W of a wide network begins with that of a narrow one.
    """
    m, name = setting.m, f"{setting.operator}/{setting.m}"
    operator = _operator(setting, derive_seed(seed, "operator", name, 0))
    n, unit = operator.n, float(operator.norm())  # of orthonormal rows unit is 1
    source = generator(derive_seed(seed, "noise", name, 0))
    y = operator(torch.randn(1, n, generator=source, dtype=torch.float32).double())[0]
    # ||y|| / sqrt(m d) is the deviation of V
    network = OneHiddenLayer(1, setting.width, (n,), math.sqrt(n / m), derive_seed(seed, "solver", name, 0)).double()
    return (operator(network.outer.T) / unit).T.contiguous(), network.inner.detach()[:, 0], y / y.norm()


def _operator(setting: Setting, seed: int) -> LinearOperator:
    if setting.operator == "identity":
        return Identity((setting.m,)).double()
    return SubsampledDCT((2 * setting.m,), setting.m, seed).double()


def descend(matrix: Tensor, w: Tensor, y: Tensor, step: float, max_iter: int) -> tuple[Tensor, Tensor]:
    """||r_t|| for t = 0, ..., and the last w, of w_{t+1} = w_t - step relu'(w_t) * V^T (V relu(w_t) - y).

    Ends where ||r_t|| is below 1e-10 ||y||, or after max_iter steps.
    """
    norms: list[Tensor] = []
    while True:
        residual = matrix @ w.relu() - y
        norms.append(residual.norm())
        last = len(norms) > max_iter
        if last or (len(norms) % _EVERY == 0 and float(norms[-1]) < _DONE * float(y.norm())):
            return torch.stack(norms), w
        w = w - step * (w > 0) * (matrix.T @ residual)


def final_rate(residuals: Tensor) -> float:
    """1 - the mean factor by which the residual falls between 1e-4 and 1e-9 of ||y|| = 1; NaN where it does not."""
    first, last = (int((residuals > level).sum()) for level in _SLOPE)
    if last >= len(residuals) or first == 0:
        return math.nan
    return -math.expm1(math.log(float(residuals[last] / residuals[first - 1])) / (last - first + 1))


def _least_eigenvalue(matrix: Tensor, w: Tensor) -> float:
    active = matrix * (w > 0)
    return float(torch.linalg.eigvalsh(active @ active.T)[0])


def kept(number: int, per_decade: int = 40) -> list[int]:
    """Iterations, of so many, that a curve is drawn through: evenly on a logarithmic axis."""
    steps = (10 ** (i / per_decade) for i in range(math.ceil(per_decade * math.log10(max(number, 2)))))
    return sorted({0, number - 1, *(round(step) for step in steps if step < number - 0.5)})
