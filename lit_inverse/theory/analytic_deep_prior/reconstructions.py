"""Signals integrated, with noise, and reconstructed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import Integration
from lit_inverse.operators.items import norm
from lit_inverse.seeding import generator
from lit_inverse.solvers import AnalyticDeepPrior, SoftTSVD, Tikhonov
from lit_inverse.theory.analytic_deep_prior.predictions import predicted_coefficient

A = Integration(200)
SNR = {"u_7": 17.06, "u_3": 17.06, "smooth": 18.97}  # of A x, in dB: Fig. 4.4 and 4.5
_KEPT = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000,
         7000, 10000, 15000, 20000)  # fmt: skip


@dataclass(frozen=True)
class Coefficient:
    """x = coefficient u from y = (sigma + delta) v: Fig. 4.2 for u_7, delta = .002 and alpha = 1e-3.

    The prediction is that of a closed form, of eq. 4.17 for x(B).
    """

    method: str
    coefficient: float
    prediction: float


@dataclass(frozen=True)
class Errors:
    """||x_hat - x|| / ||x|| of one signal with noise.

    Attributes:
        signal: a key of SNR.
        seed: of the noise.
        tikhonov: of x(A).
        final, best: of the last x(B), and of the one that is nearest to x, which only who knows x can choose.
        best_at: its number.
        soft_tsvd: of the filter to which the theory for one singular vector leads.
        moved: share of the way from x(A) to the last x(B) that it made in the last tenth of the steps; about 0 of a
            descent that has converged.
    """

    signal: str
    alpha: float
    seed: int
    tikhonov: float
    final: float
    best: float
    best_at: int
    soft_tsvd: float
    moved: float


@dataclass(frozen=True)
class Along:
    """The mean error after so many steps."""

    signal: str
    alpha: float
    iteration: int
    error: float


def signal(name: str) -> Tensor:
    """x (200,) of unit norm: "u_k", the k-th singular vector of A, or "smooth", two bumps."""
    if name.startswith("u_"):
        return A.singular_system(torch.zeros(0, dtype=torch.float64))[2][:, int(name[2:]) - 1]
    t = (torch.arange(A.n, dtype=torch.float64) + 0.5) / A.n
    x = torch.exp(-((t - 0.3) ** 2) / 0.01) + 0.6 * torch.exp(-((t - 0.7) ** 2) / 0.005)
    return x / norm(x[None])


def measured(x: Tensor, snr: float, seeds: Sequence[int]) -> Tensor:
    """A x with white noise 10^(-snr / 20) times as large in expectation, (len(seeds), 200)."""
    clean = A(x[None])
    deviation = norm(clean) * 10 ** (-snr / 20) / A.n**0.5
    eta = [torch.randn(A.n, generator=generator(seed), dtype=torch.float32).double() for seed in seeds]
    y: Tensor = clean + deviation * torch.stack(eta)
    return y


def coefficients(alpha: float = 1e-3, k: int = 7, delta: float = 0.002) -> list[Coefficient]:
    """Those of Fig. 4.2."""
    u, sigma, v = A.singular_system(torch.zeros(0, dtype=torch.float64))
    s = float(sigma[k - 1])
    y = (s + delta) * u[:, k - 1][None]
    deep = AnalyticDeepPrior(alpha, lr=0.01, lr_unit="relative", max_iter=150)
    found = {
        "direct inverse": (A.pinv(y), (s + delta) / s),
        "Tikhonov x(A)": (Tikhonov(alpha).solve(y, A).x, s * (s + delta) / (s**2 + alpha)),
        "analytic deep prior x(B)": (deep.solve(y, A).x, predicted_coefficient(s, delta, alpha)),
    }
    return [Coefficient(method, float(x[0] @ v[:, k - 1]), known) for method, (x, known) in found.items()]


def errors(name: str, alpha: float, seeds: Sequence[int], lr: float, max_iter: int) -> tuple[list[Errors], list[Along]]:
    """Of one signal and alpha, with noise of each seed; the curve is the mean over the seeds."""
    x = signal(name)
    y = measured(x, SNR[name], seeds)
    deep = AnalyticDeepPrior(alpha, lr=lr, max_iter=max_iter).solve(y, A, trace=range(max_iter + 1))
    assert deep.iterates is not None
    curves = (deep.iterates - x).norm(dim=2)  # (max_iter + 1, seeds)
    best, best_at = curves.min(0)
    soft = norm(SoftTSVD(alpha).solve(y, A).x - x)
    first, late, last = deep.iterates[0], deep.iterates[round(0.9 * max_iter)], deep.iterates[-1]
    columns = curves[0], curves[-1], best, best_at, soft, norm(last - late) / norm(last - first)
    rows = zip(seeds, *[values.tolist() for values in columns], strict=True)
    along = [Along(name, alpha, k, float(curves[k].mean())) for k in sorted({*_KEPT, max_iter}) if k <= max_iter]
    return [Errors(name, alpha, *row) for row in rows], along
