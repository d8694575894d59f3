"""RED: regularisation by denoising."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators.items import column
from lit_inverse.settings import at_least_1, not_negative, one_of, positive
from lit_inverse.solvers.base import Given, Solver
from lit_inverse.solvers.least_squares.data_step import DataStep
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.with_denoiser.iteration import iterate
from lit_inverse.solvers.with_denoiser.solver import DenoiserSolver
from lit_inverse.solvers.with_denoiser.splitting import Splitting

Method = Literal["fixed_point", "gradient"]


class RED(DenoiserSolver):
    """An x with A^H (A x - y) + lam (x - D(x; sigma)) = 0 (Romano, Elad, Milanfar 2017, SIAM J. Imaging Sci.).

    "fixed_point" and "gradient", two of the three methods of their Sec. 5, iterate

        x = (A^H A + lam I)^-1 (A^H y + lam D(x; sigma)),
        x = x - mu (A^H (A x - y) + lam (x - D(x; sigma))),   mu = 1 / (||A||^2 + lam),

    the first with an exact data step, see `DataStep`. The second takes no more than A and A^H, but, as lam is small
    beside ||A||^2 = (1 + sqrt(n/m))^2 of a random A, many more denoisings.

    For a denoiser that is locally homogeneous with a symmetric Jacobian, x is a minimum of 1/2 ||A x - y||^2 +
    lam/2 x^T (x - D(x)). BM3D and networks are not: then x is a fixed point of the iteration and no minimum (Reehorst,
    Schniter 2019). sigma falls in stages, each begun from the x of the last.

    The denoiser's value range is the solver's: what is given in another range is brought to it. Noise levels are in
    grey levels, 1/255 of that range.

    Args:
        denoiser: D; BM3D with profile "lc", in grey levels 0 to 255, by default.
        lam: weight of the regulariser, for A with columns of unit norm.
        method: "fixed_point" or "gradient".
        initial: a solver whose answer is the first x, `TVAL3` say; x = 0, which should be black, by default.
        first_sigma: sigma of the first stage in grey levels; None for ||y - A x|| / sqrt(m) at the first x, if A has
            columns of unit norm.
        last_sigma: sigma of the last stage in grey levels; that of the noise in y, likewise, where it is larger.
        n_stages: number of stages, whose levels are a geometric sequence.
        box: whether denoised images are clipped to the value range; x is then real. Without it x is complex where A^H y
            is, and its real and imaginary part are denoised as two images.
        tol: an item has converged when x changes relatively by at most this in the last stage.
        max_iter: largest number of iterations, of which each stage has an equal part.

    The history of a Solution has one row per iteration: "residual", ||A x - y|| / ||y||, and "sigma", the level of the
    denoiser.

    Raises:
        ValueError: when a setting is impossible, A is not linear, or x is no image that the denoiser takes.
    """

    def __init__(
        self,
        denoiser: Denoiser | None = None,
        lam: float = 0.02,
        method: Method = "fixed_point",
        initial: Solver | None = None,
        first_sigma: float | None = 50.0,
        last_sigma: float = 12.0,
        n_stages: int = 3,
        box: bool = True,
        tol: float = 1e-3,
        max_iter: int = 60,
    ) -> None:
        super().__init__(denoiser, box, max_iter, initial)
        one_of(Method, method=method)
        positive(lam=lam, first_sigma=first_sigma, last_sigma=last_sigma)
        at_least_1(n_stages=n_stages)
        not_negative(tol=tol)
        self.lam, self.method, self.tol = lam, method, tol
        self.first_sigma, self.last_sigma, self.n_stages = first_sigma, last_sigma, n_stages

    def _solve(self, given: Given) -> Solution:
        plugged, x = self.begin(given)
        levels = plugged.levels(x, self.first_sigma, self.last_sigma, self.max_iter, self.n_stages)
        lam, a = self.lam * plugged.size.square(), plugged.operator
        now: Splitting
        if self.method == "fixed_point":
            now = _FixedPoint(plugged, x, levels, self.tol, DataStep(a, given.y), lam)
        else:
            now = _Gradient(plugged, x, levels, self.tol, lam, 1 / (a.norm().square() + lam))
        return iterate(now, self.max_iter, given.trace)


@dataclass
class _FixedPoint(Splitting):
    data_step: DataStep
    lam: Tensor

    def update(self, sigma: Tensor) -> None:
        self.x = self.data_step(self.plugged.denoise(self.x, sigma), self.lam)


@dataclass
class _Gradient(Splitting):
    lam: Tensor
    mu: Tensor

    def update(self, sigma: Tensor) -> None:
        a, x = self.plugged.operator, self.x
        gradient = a.adjoint(a(x) - self.plugged.y) + column(self.lam, x) * (x - self.plugged.denoise(x, sigma))
        self.x = x - column(self.mu, x) * gradient
