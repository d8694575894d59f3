"""Signals of one random network, measured and recovered."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from lit_inverse.networks import ReLUGenerator
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.noise import Noise, Wigner, Wishart
from lit_inverse.operators import Gaussian, Identity, Magnitude, Operator, Spiked
from lit_inverse.operators.items import norm
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed, source_of
from lit_inverse.solvers import SubgradientDescent

SUCCESS = 1e-3  # relative error
FAILURE = 0.3  # a noisy trial beyond has ended at a spurious point, whose errors are about .6 to .9


@dataclass(frozen=True)
class Setting:
    """What is varied.

    Attributes:
        experiment: a key of EXPERIMENTS.
        k: dimension of z.
        n: of x.
        m: number of measurements, or of samples (N) in the Wishart model; n where it means nothing.
        level: of the noise, relative: ||eta|| / ||A x|| in expectation; of the spiked models nu and sigma^2 over
            ||x||^2.
    """

    experiment: str
    k: int
    n: int
    m: int
    level: float


@dataclass(frozen=True)
class Trial(Setting):
    """One signal.

    Attributes:
        network: number of the network, its seed.
        signal: number of the signal.
        error: ||x_hat - x|| / ||x||.
        noise: ||eta|| / ||x||; NaN in the spiked models.
        hidden: widths of the layers before the last, such as "250-600".
        n_steps: of Algorithm 1.
    """

    network: int
    signal: int
    error: float
    noise: float
    hidden: str = "250-600"
    n_steps: int = 400


def _sensing(setting: Setting, seeds: list[int], length: float) -> tuple[Operator, Noise]:
    law = Gaussian((setting.n,), setting.m, seeds)
    return law, GaussianNoise(setting.level * length / setting.m**0.5)


def _phases(setting: Setting, seeds: list[int], length: float) -> tuple[Operator, Noise]:
    law, noise = _sensing(setting, seeds, length)
    return Magnitude(law), noise


def _denoising(setting: Setting, seeds: list[int], length: float) -> tuple[Operator, Noise]:
    return Identity((setting.n,)), GaussianNoise(setting.level * length / setting.n**0.5)


def _wigner(setting: Setting, seeds: list[int], length: float) -> tuple[Operator, Noise]:
    return Spiked((setting.n,)), Wigner(setting.level * length**2)


def _wishart(setting: Setting, seeds: list[int], length: float) -> tuple[Operator, Noise]:
    return Spiked((setting.n,)), Wishart((setting.level * length**2) ** 0.5, n_samples=setting.m)


EXPERIMENTS: dict[str, Callable[[Setting, list[int], float], tuple[Operator, Noise]]] = {
    "compressed sensing": _sensing,
    "phase retrieval": _phases,
    "denoising": _denoising,
    "Wigner": _wigner,
    "Wishart": _wishart,
}


def trials(setting: Setting, network: int, n_signals: int, hidden: tuple[int, ...], n_steps: int) -> list[Trial]:
    """Signals G(z), z ~ N(0, I) scaled to ||z|| = sqrt(k), of one network, each with its A and noise, in float64."""
    g = ReLUGenerator((setting.k, *hidden, setting.n), seed=network).double()
    names = [f"{setting}/{network}/{signal}" for signal in range(n_signals)]
    seeds = {of: [derive_seed(0, of, name, 0) for name in names] for of in ("operator", "noise", "solver")}
    z = torch.stack(
        [torch.randn(setting.k, dtype=torch.float32, generator=source_of(seed, "signal")) for seed in seeds["solver"]]
    )
    z = z.double() * (setting.k**0.5 / z.double().norm(dim=1, keepdim=True))
    with torch.no_grad():
        x = g(z)
    spiked = setting.experiment in ("Wigner", "Wishart")
    operator, noise = EXPERIMENTS[setting.experiment](setting, seeds["operator"], setting.k**0.5)
    operator = operator.double()
    y = Problem(operator, noise).measure(x, seeds["noise"])
    # the second derivative of 1/2 ||x x^T - Y||^2 is about 4 ||x||^2 times that of 1/2 ||x - y||^2
    solver = SubgradientDescent(g, n_steps, step=0.5 / (4 * setting.k) if spiked else 0.5)
    x_hat = solver.solve(y, operator, seeds=seeds["solver"]).x
    length = norm(x)
    error = norm(x_hat - x) / length
    eta = torch.full_like(error, torch.nan) if spiked else norm(y - operator(x)) / length
    rows = zip(error.tolist(), eta.tolist(), strict=True)
    common = {**vars(setting), "network": network, "hidden": "-".join(map(str, hidden)), "n_steps": n_steps}
    return [Trial(**common, signal=i, error=e, noise=r) for i, (e, r) in enumerate(rows)]
