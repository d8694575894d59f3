"""The figure: success and thresholds, and errors against what theory says they are of the order of."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lit_inverse.drawing import DPI, ORACLE, WIDTH, style
from lit_inverse.theory.random_networks.trials import FAILURE, SUCCESS, Trial


def draw(trials: Sequence[Trial], path: Path) -> None:
    """Six panels; those of experiments that were not made stay empty."""
    figure = Figure(figsize=(WIDTH * 2, 7.2), layout="constrained")
    (success, threshold, noisy), (denoising, wigner, wishart) = figure.subplots(2, 3)
    for place, name in enumerate(("compressed sensing", "phase retrieval")):
        exact = [trial for trial in trials if trial.experiment == name and trial.level == 0]
        _success(success, [trial for trial in exact if trial.k == 10], place, name)
        _thresholds(threshold, exact, place, name)
    success.set(xlabel="measurements m", ylabel="success", title="k = 10", ylim=(-0.03, 1.03))
    threshold.set(xlabel="k", ylabel="m for success of one half", title="threshold")
    of = {name: [t for t in trials if t.experiment == name and t.level > 0] for name in {t.experiment for t in trials}}
    title = "compressed sensing"
    _scaling(noisy, of.get("compressed sensing", []), lambda t: (t.k / t.m) ** 0.5, _relative, "sqrt(k / m)", title)
    _scaling(denoising, of.get("denoising", []), lambda t: t.k / t.n, lambda t: _relative(t) ** 2, "k / n", "denoising")
    denoising.set_ylabel("||x_hat - x||^2 / ||eta||^2")
    _scaling(wigner, of.get("Wigner", []), lambda t: (t.k / t.n) ** 0.5, _error, "sqrt(k / n)", "spiked Wigner")
    _scaling(wishart, of.get("Wishart", []), lambda t: (t.k / t.m) ** 0.5, _error, "sqrt(k / N)", "spiked Wishart")
    for axes in (success, threshold):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)


def rate(trials: Sequence[Trial]) -> float:
    """Share of the trials that succeeded."""
    return float(np.mean([trial.error < SUCCESS for trial in trials]))


def crossing(m: Sequence[int], rates: Sequence[float], level: float = 0.5) -> float:
    """The m from which on the rate, linear between the given ones, is at least the level; NaN when there is none."""
    below = [i for i, value in enumerate(rates) if value < level]
    if not below:
        return float(m[0])
    i = below[-1]
    if i + 1 == len(m):
        return float("nan")
    return m[i] + (m[i + 1] - m[i]) * (level - rates[i]) / (rates[i + 1] - rates[i])


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the least-squares line through the logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _by(trials: Sequence[Trial], key: Callable[[Trial], float]) -> dict[float, list[Trial]]:
    groups: dict[float, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[key(trial)].append(trial)
    return dict(sorted(groups.items()))


def _success(axes: Axes, trials: Sequence[Trial], place: int, name: str) -> None:
    groups = _by(trials, lambda trial: trial.m)
    if groups:
        rates = np.array([rate(group) for group in groups.values()])
        half = 1.96 * np.sqrt(rates * (1 - rates) / [len(group) for group in groups.values()])
        axes.errorbar(list(groups), rates, half, label=name, **style(place))
        axes.grid(alpha=0.3)


def _thresholds(axes: Axes, trials: Sequence[Trial], place: int, name: str) -> None:
    """Against k, with the line through the origin."""
    found: dict[int, float] = {}
    for k, group in _by(trials, lambda trial: trial.k).items():
        by_m = _by(group, lambda trial: trial.m)
        found[int(k)] = crossing([int(m) for m in by_m], [rate(of) for of in by_m.values()])
    at = np.array([k for k, m in found.items() if np.isfinite(m)], dtype=float)
    needed = np.array([m for m in found.values() if np.isfinite(m)])
    if len(at):
        factor = float(at @ needed / (at @ at))
        axes.plot(at, needed, label=f"{name}: {factor:.1f} k", **{**style(place), "linestyle": "none"})
        axes.plot([0, at.max()], [0, factor * at.max()], color=style(place)["color"], linewidth=1)
        axes.grid(alpha=0.3)


def _error(trial: Trial) -> float:
    return trial.error


def _relative(trial: Trial) -> float:
    """||x_hat - x|| / ||eta||."""
    return trial.error / trial.noise


def _scaling(
    axes: Axes,
    trials: Sequence[Trial],
    predictor: Callable[[Trial], float],
    value: Callable[[Trial], float],
    xlabel: str,
    title: str,
) -> None:
    """Medians and quartiles of the trials that did not fail, with the line of slope 1 through their middle."""
    groups = _by([trial for trial in trials if trial.error < FAILURE], predictor)
    axes.set(xlabel=xlabel, ylabel="||x_hat - x|| / ||eta||" if value is _relative else "||x_hat - x|| / ||x||")
    if len(groups) < 2:
        return
    at = np.array(list(groups))
    quartiles: NDArray[np.float64] = np.array(
        [np.percentile([value(t) for t in group], [25, 50, 75]) for group in groups.values()]
    )
    low, middle, high = quartiles.T
    axes.errorbar(at, middle, [middle - low, high - middle], **{**style(0), "linestyle": "none"})
    axes.plot(at, at * np.exp(np.mean(np.log(middle / at))), **ORACLE, label="slope 1")
    axes.set(xscale="log", yscale="log", title=f"{title}: slope {slope(list(at), list(middle)):.2f}")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3, which="both")
