"""The figure of the gaps."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, ORACLE, WIDTH, legend, style
from lit_inverse.intervals import t_interval
from lit_inverse.theory.generalization_gap.measurement import NETWORKS, Gap


def draw(gaps: Sequence[Gap], path: Path, n_layers: int, n_train: int) -> None:
    """The gap against N at n_layers, and against the depth at n_train; means over seeds."""
    figure = Figure(figsize=(WIDTH * 1.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    by_size = [gap for gap in gaps if gap.n_layers == n_layers]
    by_depth = [gap for gap in gaps if gap.n_train == n_train]
    handles = _lines(left, by_size, lambda gap: gap.n_train)
    sizes = np.array(sorted({gap.n_train for gap in by_size}), dtype=float)
    top = max(gap.gap for gap in by_size if gap.n_train == sizes[0])
    (guide,) = left.plot(sizes, 1.5 * top * (sizes / sizes[0]) ** -0.5, **ORACLE)
    left.set_xlabel("training signals N")
    left.set_title(f"{n_layers} layers", fontsize=9)
    _lines(right, by_depth, lambda gap: gap.n_layers)
    right.set_xlabel("layers T")
    right.set_title(f"N = {n_train}", fontsize=9)
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
    left.set_ylabel("|error on new signals - error on training signals|")
    legend(figure, [*handles.values(), guide], [*handles, "slope -1/2"])
    figure.savefig(path, dpi=DPI)


def _lines(axes: Axes, gaps: Sequence[Gap], position: Callable[[Gap], int]) -> dict[str, Artist]:
    """Means with 95 % t-intervals over the seeds, by network."""
    handles: dict[str, Artist] = {}
    for place, name in enumerate(NETWORKS):
        at = sorted({position(gap) for gap in gaps if gap.network == name})
        values = [[gap.gap for gap in gaps if gap.network == name and position(gap) == where] for where in at]
        if not at:
            continue
        mean = np.array([np.mean(of) for of in values])
        low, high = np.array([t_interval(of) if len(of) > 1 else (np.mean(of),) * 2 for of in values]).T
        (handles[name],) = axes.plot(at, mean, **style(place))
        axes.fill_between(at, np.maximum(low, 0.05 * mean), high, color=style(place)["color"], alpha=0.13, linewidth=0)
    return handles
