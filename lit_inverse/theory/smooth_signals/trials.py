"""Signals measured, and recovered by the network and by the linear generator that stands for it."""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from datamodules import SmoothSignalsDataModule
from datamodules.smooth_signals import trigonometric_basis
from lit_inverse.networks import TwoLayerGenerator
from lit_inverse.operators import Gaussian
from lit_inverse.operators.items import norm
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.solvers import DeepPrior
from lit_inverse.solvers.fitting.optimizers import SGD
from lit_inverse.solvers.fitting.stopping.exit_window import ExitWindow
from lit_inverse.theory.smooth_signals.linear import Pace, descent, minimum_norm, pace
from lit_inverse.theory.two_layer import (
    expected_gram,
    in_order_of_basis,
    predicted_spectrum,
    recovery_bound,
    triangle,
)

_KEPT = {*range(10), *(round(10 ** (i / 12)) for i in range(12, 49))}  # iterations of a curve


@dataclass(frozen=True)
class Network:
    """G, and what its signals are.

    Attributes:
        n: number of entries of x.
        width: channels of G.
        half_width: of its kernel.
        omega: of its first weights, times sqrt(n) / ||x||.
    """

    n: int = 300
    width: int = 256
    half_width: int = 30
    omega: float = 0.3


@dataclass(frozen=True)
class Setting:
    """What is varied.

    Attributes:
        p: number of basis functions of x.
        m: number of measurements.
        noise: ||eta|| / ||A x|| in expectation.
    """

    p: int
    m: int
    noise: float


@dataclass(frozen=True)
class Trial(Setting):
    """One signal of unit norm.

    Attributes:
        signal: its number.
        error: ||G(C) - x|| of the last iterate.
        best: of the iterate that is nearest to x, which only who knows x can choose.
        best_at: its number.
        linear: ||x_hat - x|| of the linear generator.
        bound: of Theorem 1 (7), on ||x_hat - x||^2 of the linear generator, with C = 1.
        residual: ||A G(C) - y|| / ||y||.
        n_iter: number of steps.
        max_iter: the most there might have been.
        n, width, half_width, omega: see `Network`.
    """

    signal: int
    error: float
    best: float
    best_at: int
    linear: float
    bound: float
    residual: float
    n_iter: int
    max_iter: int
    n: int
    width: int
    half_width: int
    omega: float


@dataclass(frozen=True)
class Along(Setting):
    """Mean ||x_t - x|| over the signals after so many steps."""

    iteration: int
    network: float
    linear: float


def circulant(column: Tensor) -> Tensor:
    """The matrix (n, n) with this first column."""
    i = torch.arange(len(column))
    return column[(i[:, None] - i) % len(column)]


def measure(setting: Setting, network: Network, signals: int, max_iter: int) -> tuple[list[Trial], list[Along]]:
    """The first test signals of `SmoothSignalsDataModule`, each with its A and first weights.

    All descend at one pace, so that what is found of a signal depends on which others are with it.
    """
    n, p, m = network.n, setting.p, setting.m
    drawn = SmoothSignalsDataModule(n, p, n_test=signals).dataset("test")
    x = torch.stack([drawn[i]["x"] for i in range(signals)]).double()
    operator, y = measured(x, setting)
    matrix = operator.matrix.double()
    u = triangle(n, network.half_width)
    gram = circulant(expected_gram(u))
    steps = pace(gram, matrix, max_iter=max_iter)
    iterates = _fitted(y, operator, network, steps, signals)
    errors = (iterates - x).norm(dim=2)  # (n_iter + 1, signals)
    best, best_at = errors.min(0)
    linear = norm(minimum_norm(gram, matrix, y) - x)
    coefficients = x @ trigonometric_basis(n, p)
    spectrum = in_order_of_basis(predicted_spectrum(u))
    bounds = recovery_bound(spectrum, torch.nn.functional.pad(coefficients, (0, n - p)), m, constant=1.0)
    residual = norm((matrix @ iterates[-1, ..., None])[..., 0] - y) / norm(y)
    columns = (values.tolist() for values in (errors[-1], best, best_at, linear, bounds, residual))
    common = {**vars(setting), **vars(network), "n_iter": steps.n_iter, "max_iter": max_iter}
    trials = [
        Trial(**common, signal=i, **dict(zip(_MEASURED, row, strict=True)))
        for i, row in enumerate(zip(*columns, strict=True))
    ]
    along = [
        Along(**vars(setting), iteration=t, network=float(errors[t].mean()), linear=float(norm(one - x).mean()))
        for t, one in enumerate(descent(gram, matrix, y, steps))
        if t in _KEPT
    ]
    return trials, along


_MEASURED = ("error", "best", "best_at", "linear", "bound", "residual")


def measured(x: Tensor, setting: Setting) -> tuple[Gaussian, Tensor]:
    """A, one per signal, and y = A x + eta in float64; at all levels of noise the same, but for the size of eta."""
    names = [f"{replace(setting, noise=0.0)}/{signal}" for signal in range(len(x))]
    operator = Gaussian(x.shape[1:], setting.m, [derive_seed(0, "operator", name, 0) for name in names])
    eta = [
        torch.randn(setting.m, dtype=torch.float32, generator=generator(derive_seed(0, "noise", name, 0)))
        for name in names
    ]
    clean = (operator.matrix.double() @ x[..., None])[..., 0]
    return operator, clean + setting.noise / setting.m**0.5 * torch.stack(eta).double()


def _fitted(y: Tensor, operator: Gaussian, network: Network, steps: Pace, signals: int) -> Tensor:
    """All iterates of gradient descent on the network's weights, (n_iter + 1, signals, n), made in float32."""
    solver = DeepPrior(
        network=partial(
            TwoLayerGenerator,
            width=network.width,
            half_width=network.half_width,
            omega=network.omega / network.n**0.5,
        ),
        optimizer=SGD(steps.momentum),
        lr=steps.step / 2,  # the objective is ||A x - y||^2, without 1/2
        regularizer=None,
        stopping=ExitWindow(1),
        max_iter=steps.n_iter + 1,
        max_parallel=signals,
    )
    found = solver.solve(y.float(), operator, seeds=list(range(signals)), trace=range(steps.n_iter + 1))
    assert found.iterates is not None
    return found.iterates.double()
