"""Plug-and-play reconstruction: a denoiser in the place of a prior."""

from dataclasses import dataclass
from typing import Literal

import torch
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

Algorithm = Literal["admm", "hqs"]


class PlugAndPlay(DenoiserSolver):
    """Splitting of 1/2 ||A x - y||^2 + lam R(x), with a denoiser D in the place of the proximal operator of R.

        x = argmin 1/2 ||A x - y||^2 + rho_k/2 ||x - (v - u)||^2,   v = D(x + u; sigma_k),   u = u + x - v,

    from v = 0 (or another reconstruction) and u = 0, is "admm", PnP-ADMM (Venkatakrishnan, Bouman, Wohlberg 2013; with
    growing rho: Chan, Wang, Elgendy 2017, Alg. 1); "hqs", half-quadratic splitting, is the same with u = 0 throughout
    (DPIR: Zhang et al. 2021, IEEE Trans. PAMI). sigma_k falls geometrically and, as in DPIR,

        rho_k = lam s^2 / sigma_k^2,   s the standard deviation of the noise in y, but at least `floor`.

    The answer is v. The data step is exact, see `DataStep`.

    Deviation: where rho changes, u is multiplied by rho_(k-1) / rho_k, so that the multiplier rho u stays as it was
    (Boyd et al. 2011, Sec. 3.4.1). Chan et al. leave u alone; from v = 0 that costs 4 dB at m/n = .1. And x may be
    relaxed (Boyd et al. 2011, Sec. 3.4.3): relaxation x + (1 - relaxation) v takes its place in the lines for v and u.

    The denoiser's value range is the solver's: what is given in another range is brought to it. Noise levels are in
    grey levels, 1/255 of that range. With a bounded denoiser and rho growing for ever the iterates converge, to what
    depends on the schedule (Chan et al. 2017, Theorem 1); it is no minimisation.

    Args:
        denoiser: D; BM3D with profile "lc", in grey levels 0 to 255, by default.
        algorithm: "admm" or "hqs".
        initial: a solver whose answer is the first v, `TVAL3` say; x = 0, which should be black, by default.
        first_sigma: sigma_1 in grey levels; by default ||y - A v|| / sqrt(m) for A with columns of unit norm, which is
            the noise level of the back-projection of y - A v if A is random: meant for v = 0.
        last_sigma: the last sigma_k in grey levels; that of the noise in y, for A with columns of unit norm, where it
            is larger.
        n_levels: number of iterations in which sigma_k falls; it keeps its last value after.
        lam: weight of the prior.
        floor: least noise in y that is assumed, in grey levels, for A with columns of unit norm.
        relaxation: in (0, 2), 1 for none.
        box: whether estimates are clipped to the value range; x is then real. Without it x is complex where A^H y is,
            and its real and imaginary part are denoised as two images.
        tol: an item has converged when x changes relatively by at most this at the last noise level.
        max_iter: largest number of iterations; fewer than `n_levels` shorten the sequence of levels.

    The history of a Solution has one row per iteration: "residual", ||A x - y|| / ||y||, and "sigma", the level of the
    denoiser.

    Raises:
        ValueError: when a setting is impossible, A is not linear, or x is no image that the denoiser takes.
    """

    def __init__(
        self,
        denoiser: Denoiser | None = None,
        algorithm: Algorithm = "admm",
        initial: Solver | None = None,
        first_sigma: float | None = None,
        last_sigma: float = 4.0,
        n_levels: int = 30,
        lam: float = 1.0,
        floor: float = 1.0,
        relaxation: float = 1.5,
        box: bool = True,
        tol: float = 1e-3,
        max_iter: int = 30,
    ) -> None:
        super().__init__(denoiser, box, max_iter, initial)
        one_of(Algorithm, algorithm=algorithm)
        positive(first_sigma=first_sigma, last_sigma=last_sigma, lam=lam, floor=floor)
        at_least_1(n_levels=n_levels)
        not_negative(tol=tol)
        if not 0 < relaxation < 2:
            raise ValueError(f"relaxation is {relaxation}, expected a number in (0, 2), 1 for none")
        self.algorithm: Algorithm = algorithm
        self.first_sigma, self.last_sigma, self.n_levels = first_sigma, last_sigma, n_levels
        self.lam, self.floor, self.relaxation, self.tol = lam, floor, relaxation, tol

    def _solve(self, given: Given) -> Solution:
        plugged, x = self.begin(given)
        n_levels = min(self.n_levels, self.max_iter)
        levels = plugged.levels(x, self.first_sigma, self.last_sigma, n_levels, n_levels)
        noise = torch.maximum(plugged.noise, self.floor * plugged.grey_level * plugged.size)
        now = _Iterates(
            plugged=plugged,
            x=x,
            levels=levels,
            tol=self.tol,
            data_step=DataStep(plugged.operator, given.y),
            u=torch.zeros_like(x),
            weight=self.lam * noise.square(),
            old_sigma=levels.first,
            relaxation=self.relaxation,
            has_multiplier=self.algorithm == "admm",
        )
        return iterate(now, self.max_iter, given.trace)


@dataclass
class _Iterates(Splitting):
    """v is called x."""

    data_step: DataStep
    u: Tensor
    weight: Tensor  # rho sigma^2, (B,)
    old_sigma: Tensor
    relaxation: float
    has_multiplier: bool

    def update(self, sigma: Tensor) -> None:
        self.u = self.u * column((sigma / self.old_sigma).square(), self.u)  # rho u stays as it was
        x = self.data_step(self.x - self.u, self.weight / sigma.square())
        x = torch.lerp(self.x, x, self.relaxation)
        v = self.plugged.denoise(x + self.u, sigma)
        if self.has_multiplier:
            self.u = self.u + x - v
        self.x, self.old_sigma = v, sigma
