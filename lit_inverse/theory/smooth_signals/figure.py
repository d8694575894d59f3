"""The figure: errors over p / m, errors against the bound, errors along the descent."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, ORACLE, WIDTH, style
from lit_inverse.theory.smooth_signals.trials import Along, Trial


def under_bound(trials: Sequence[Trial], fit_at: int) -> tuple[float, float]:
    """C, the least for which every trial without noise of p = fit_at is under it, and the share of the others that are.

    (NaN, NaN) where there are none.
    """
    exact = [one for one in trials if one.noise == 0]
    constant = max((one.error**2 / one.bound for one in exact if one.p == fit_at), default=math.nan)
    others = [one.error**2 <= constant * one.bound for one in exact if one.p != fit_at]
    return constant, float(np.mean(others)) if others and math.isfinite(constant) else math.nan


def draw(trials: Sequence[Trial], curves: Sequence[Along], fit_at: int, path: Path) -> None:
    """Three panels."""
    exact = [one for one in trials if one.noise == 0]
    figure = Figure(figsize=(WIDTH * 2, 4.2), layout="constrained")
    errors, bound, along = figure.subplots(1, 3)
    _errors(errors, exact)
    _bound(bound, exact, *under_bound(trials, fit_at), fit_at)
    _along(along, curves)
    for axes in (errors, bound, along):
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, loc="lower right" if axes is bound else "best")
    figure.savefig(path, dpi=DPI)


def _errors(axes: Axes, trials: Sequence[Trial]) -> None:
    """Mean squared errors; the linear generator's as broken lines."""
    for place, p in enumerate(sorted({one.p for one in trials})):
        groups = {m: [one for one in trials if (one.p, one.m) == (p, m)] for m in {t.m for t in trials if t.p == p}}
        at = sorted(groups, reverse=True)
        look = style(place)
        measured = [np.mean([one.error**2 for one in groups[m]]) for m in at]
        linear = [np.mean([one.linear**2 for one in groups[m]]) for m in at]
        axes.plot([p / m for m in at], measured, label=f"p = {p}", **{**look, "linestyle": "-"})
        axes.plot([p / m for m in at], linear, color=look["color"], linestyle="--", linewidth=0.9)
    axes.plot([], [], color="0.4", linestyle="--", linewidth=0.9, label="linear generator")
    axes.axvline(1 / 3, color="0.6", linewidth=1)
    axes.text(1 / 3, 0.02, " m = 3p", transform=axes.get_xaxis_transform(), fontsize=8, color="0.35")
    axes.set(xscale="log", yscale="log", xlabel="p / m", ylabel="||G(C) - x||^2 / ||x||^2", title="without noise")
    ticks = (1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1)
    axes.set_xticks(ticks, ["1/6", "1/4", "1/3", "1/2", "2/3", "1"])
    axes.minorticks_off()


def _bound(axes: Axes, trials: Sequence[Trial], constant: float, share: float, fit_at: int) -> None:
    """Every signal; one under the line is as the theorem has it of the linear generator."""
    for place, p in enumerate(sorted({one.p for one in trials})):
        rows = [one for one in trials if one.p == p]
        look = {**style(place), "linestyle": "none", "markersize": 4}
        axes.plot([constant * one.bound for one in rows], [one.error**2 for one in rows], label=f"p = {p}", **look)
    if math.isfinite(constant):
        ends = [constant * min(one.bound for one in trials), constant * max(one.bound for one in trials)]
        axes.plot(ends, ends, **{**ORACLE, "marker": ""}, label=f"bound, C = {constant:.2g} of p = {fit_at}")
    title = f"bound of Theorem 1: {share:.0%} of other p below" if math.isfinite(share) else "bound of Theorem 1"
    axes.set(xscale="log", yscale="log", xlabel="bound", ylabel="||G(C) - x||^2 / ||x||^2", title=title)


def _along(axes: Axes, curves: Sequence[Along]) -> None:
    """Of the setting that has noise; the linear generator's as broken lines."""
    noisy = {(one.p, one.m) for one in curves if one.noise > 0}
    for p, m in sorted(noisy)[:1]:
        shown = [one for one in curves if (one.p, one.m) == (p, m)]
        for place, noise in enumerate(sorted({one.noise for one in shown})):
            rows = [one for one in shown if one.noise == noise]
            color = style(place)["color"]
            axes.plot([r.iteration for r in rows], [r.network for r in rows], color=color, label=f"noise {noise:.0%}")
            axes.plot([r.iteration for r in rows], [r.linear for r in rows], color=color, linestyle="--", linewidth=0.9)
        axes.plot([], [], color="0.4", linestyle="--", linewidth=0.9, label="linear generator")
        axes.set_title(f"p = {p}, m = {m}")
    axes.set(xscale="symlog", yscale="log", xlim=(0, None), xlabel="iteration", ylabel="||x_t - x|| / ||x||")
