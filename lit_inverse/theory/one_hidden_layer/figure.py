"""The figure: residuals, rates, and what noise and smooth signals are fitted like."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lit_inverse.drawing import DPI, ORACLE, WIDTH, style
from lit_inverse.theory.one_hidden_layer.descent import OPERATORS, Point, Trial
from lit_inverse.theory.one_hidden_layer.early_stopping import NETWORKS, NOISE, TARGETS, Fit
from lit_inverse.theory.one_hidden_layer.theorem import expected_rate, proved_rate, proved_width

_NAMES = {
    "identity": "A = I",
    "subsampled": "orthonormal rows",
    "dense": "V ReLU(W z)",
    "convolutional": "convolutional",
}
_CURVES = 5  # widths whose residuals are drawn


def draw(trials: Sequence[Trial], curves: Sequence[Point], fits: Sequence[Fit], path: Path) -> None:
    """Four panels: residuals, rates, misfits of noise and of smooth signals, errors along the descent."""
    figure = Figure(figsize=(WIDTH * 1.7, 8.6), layout="constrained")
    (residuals, rates), (misfits, errors) = figure.subplots(2, 2)
    _residuals(residuals, curves)
    _rates(rates, trials)
    _misfits(misfits, fits)
    _errors(errors, fits)
    for axes in (residuals, rates, misfits, errors):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=DPI)


def _line(place: int, **more: Any) -> dict[str, Any]:
    return {**style(place), "marker": "", **more}


def _residuals(axes: Axes, curves: Sequence[Point]) -> None:
    """Of A = I, and the bound."""
    points = [point for point in curves if point.operator == "identity"]
    ratios = sorted({point.ratio for point in points})
    chosen = sorted({ratios[i] for i in np.linspace(0, len(ratios) - 1, _CURVES).round().astype(int)})
    for place, ratio in enumerate(chosen):
        one = [point for point in points if point.ratio == ratio]
        axes.plot(
            [p.time for p in one], [p.residual for p in one], label=f"d = {ratio:g} n", **_line(place, linestyle="-")
        )
    time = np.geomspace(0.1, max(point.time for point in points), 200)
    axes.plot(time, 3 * np.exp(-time * proved_rate(1, 1)), **{**ORACLE, "marker": ""}, label="bound 3 (1 - c)^t")
    axes.set(xscale="symlog", yscale="log", ylim=(1e-10, 5), xlim=(0, None))
    axes.set(xlabel="step ||y||^2 t / n", ylabel="||r_t|| / ||y||", title="fitting y: A = I")


def _rates(axes: Axes, trials: Sequence[Trial]) -> None:
    """Medians and ranges of the trials whose residual fell to 1e-9; below, how many did not."""
    for place, operator in enumerate(OPERATORS):
        of = [trial for trial in trials if trial.operator == operator]
        found = {r: [t.rate for t in of if t.ratio == r and np.isfinite(t.rate)] for r in sorted({t.ratio for t in of})}
        at = [ratio for ratio, values in found.items() if values]
        low, middle, high = np.array([[min(v), float(np.median(v)), max(v)] for v in found.values() if v]).T.reshape(
            3, -1
        )
        label = f"measured, {_NAMES[operator]}"
        axes.errorbar(
            np.array(at) * (1 + 0.03 * place), middle, [middle - low, high - middle], label=label, **style(place)
        )
        for ratio, values in found.items():
            left = sum(t.ratio == ratio for t in of) - len(values)
            if left:
                look = {"color": style(place)["color"], "fontsize": 7, "ha": "center"}
                axes.text(ratio, 0.02 + 0.04 * place, str(left), transform=axes.get_xaxis_transform(), **look)
    widths = sorted({trial.ratio for trial in trials})
    axes.set_xscale("log")
    axes.set_xticks([ratio for ratio in widths if np.log2(ratio) % 1 == 0] or widths)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    ratios = np.geomspace(2.2, max(trial.ratio for trial in trials), 100)
    start = [expected_rate(1, 1000, round(1000 * ratio)) * 1000 for ratio in ratios]
    axes.plot(ratios, start, color="0.2", linewidth=1, label="lambda_min at the beginning")
    label = f"proved, for d >= {proved_width():.1e} n"
    axes.axhline(proved_rate(1, 1), **{**ORACLE, "marker": ""}, label=label)
    axes.set(yscale="log", ylim=(3e-3, 0.6), xlim=(widths[0] / 1.15, widths[-1] * 1.15))
    axes.set_xlabel("d / m (numbers: draws that were not fitted)")
    axes.set(ylabel="rate / (step ||y||^2 / m)", title="linear rate")


def _mean(fits: Sequence[Fit], value: Callable[[Fit], float]) -> tuple[list[int], list[float]]:
    steps = sorted({fit.t for fit in fits})
    return steps, [float(np.mean([value(fit) for fit in fits if fit.t == t])) for t in steps]


def _misfits(axes: Axes, fits: Sequence[Fit]) -> None:
    for row, name in enumerate(NETWORKS):
        for place, target in enumerate(TARGETS[:2]):
            of = [fit for fit in fits if (fit.network, fit.target) == (name, target)]
            look = _line(place, linestyle=("--", "-")[row])
            axes.plot(*_mean(of, lambda fit: fit.misfit), label=f"{target}, {_NAMES[name]}", **look)
    axes.set(xscale="symlog", yscale="log", ylim=(1e-3, 2), xlim=(0, None), xlabel="iteration")
    axes.set(ylabel="||G - y|| / ||y||", title="noise beside a smooth signal")


def _errors(axes: Axes, fits: Sequence[Fit]) -> None:
    for row, name in enumerate(NETWORKS):
        of = [fit for fit in fits if (fit.network, fit.target) == (name, "sum")]
        look = _line(row + 2, linestyle=("--", "-")[row])
        axes.plot(*_mean(of, lambda fit: fit.error), label=_NAMES[name], **look)
        linear = {**look, "linestyle": ":", "linewidth": 2.2, "alpha": 0.6}
        axes.plot(*_mean(of, lambda fit: fit.linear_error), label=f"{_NAMES[name]}, linearised", **linear)
    axes.axhline(NOISE, **{**ORACLE, "marker": ""}, label="y itself")
    axes.set(xscale="symlog", yscale="log", xlim=(0, None), xlabel="iteration")
    axes.set(ylabel="||G - x|| / ||x||", title=f"y = x + noise, ||noise|| = {NOISE:g} ||x||")
