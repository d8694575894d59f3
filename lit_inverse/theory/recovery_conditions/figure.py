"""The figure: constants above, recovery below, against the width and the depth."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, WIDTH, legend, log_ticks, style
from lit_inverse.intervals import wilson_interval
from lit_inverse.theory.recovery_conditions.conditions import FAMILIES, Conditions

_CONSTANTS: dict[str, Callable[[Conditions], float]] = {
    "WDC": lambda row: row.wdc,
    "R2WDC": lambda row: row.r2wdc,
    "RRIC": lambda row: row.rric,
}


def draw(rows: Sequence[Conditions], depth: int, width: float, path: Path) -> None:
    """Panels against the width at the given depth, left, and against the depth at the given width, right."""
    figure = Figure(figsize=(WIDTH * 1.5, 6.6), layout="constrained")
    panels = figure.subplots(2, 2, sharex="col", sharey="row", height_ratios=(3, 2))
    against_width = [row for row in rows if row.depth == depth]
    against_depth = [row for row in rows if row.width == width]
    handles: dict[str, Artist] = {}
    for column, part, position in (
        (0, against_width, lambda row: row.width),
        (1, against_depth, lambda row: float(row.depth)),
    ):
        _constants(panels[0, column], part, position, handles)
        _recovery(panels[1, column], part, position, handles)
    k, m = rows[0].k, rows[0].m
    panels[0, 0].set(xscale="log", ylabel="constant", title=f"depth {depth}; k = {k}, m = {m}")
    panels[0, 1].set(title=f"narrowest layer {width:g} k; k = {k}, m = {m}")
    panels[1, 0].set(xlabel="width of the narrowest layer / k", ylabel="signals recovered")
    panels[1, 0].set_xticks(sorted({row.width for row in against_width}), minor=False)
    panels[1, 0].xaxis.set_major_formatter("{x:g}")
    panels[1, 0].minorticks_off()
    panels[1, 1].set(xlabel="depth d", xticks=sorted({row.depth for row in against_depth}))
    panels[1, 0].set_ylim(-0.03, 1.03)
    legend(figure, list(handles.values()), list(handles))
    figure.savefig(path, dpi=DPI)


def _groups(
    rows: Sequence[Conditions], family: str, position: Callable[[Conditions], float]
) -> dict[float, list[Conditions]]:
    own = [row for row in rows if row.family == family]
    return {at: [row for row in own if position(row) == at] for at in sorted({position(row) for row in own})}


def _look(place: int, family: str) -> dict[str, Any]:
    """Colour and marker of a constant; contractive networks are dashed and hollow."""
    look = {**style(place), "linestyle": "-"}
    return look if family == "expansive" else {**look, "linestyle": "--", "markerfacecolor": "white"}


def _constants(
    axes: Axes, rows: Sequence[Conditions], position: Callable[[Conditions], float], handles: dict[str, Artist]
) -> None:
    """Means over networks, in bands from the least to the largest."""
    largest = least = 1.0
    for place, (name, constant) in enumerate(_CONSTANTS.items()):
        for family in FAMILIES:
            groups = _groups(rows, family, position)
            values = np.array([[constant(row) for row in group] for group in groups.values()])
            (handles[f"{name}, {family}"],) = axes.plot(list(groups), values.mean(1), **_look(place, family))
            axes.fill_between(list(groups), values.min(1), values.max(1), color=style(place)["color"], alpha=0.12, lw=0)
            largest, least = max(largest, values.max()), min(least, values.min())
    axes.set_yscale("log")
    log_ticks(axes, largest / least)
    axes.grid(alpha=0.3)


def _recovery(
    axes: Axes, rows: Sequence[Conditions], position: Callable[[Conditions], float], handles: dict[str, Artist]
) -> None:
    """Shares of recovered signals, with 95 % intervals."""
    for family in FAMILIES:
        groups = _groups(rows, family, position)
        counts = [
            (sum(row.n_recovered for row in group), sum(row.n_signals for row in group)) for group in groups.values()
        ]
        shares = np.array([successes / n for successes, n in counts])
        low, high = np.array([wilson_interval(successes / n, n) for successes, n in counts]).T
        look = _look(3, family)
        beside = 1.0 if family == "expansive" else 1.015  # so that both intervals are seen
        bars = axes.errorbar(np.array(list(groups)) * beside, shares, [shares - low, high - shares], **look)
        handles[f"recovered, {family}"] = bars[0]
    axes.grid(alpha=0.3)
